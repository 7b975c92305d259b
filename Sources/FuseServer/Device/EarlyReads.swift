import CFuse
import Glibc
import Latency
public import SwapStore
import Synchronization
import Threads
import ZswapCore

/// Answers reads of areas while the rest of a store that was taken over is still being rebuilt, and
/// leaves everything else to the server that comes next.
///
///     RESEND ── poll, read(2) ──┬─ READ of an area ── load ── answer
///                               ├─ FORGET, which has no answer ── kept
///                               └─ anything else ── left unanswered
///     stop ── the server: what was kept, RESEND ── what was left comes again
///
/// Laws:
/// - No request is under way when the server starts: it would be done twice.
/// - Nothing that changes pages, areas or settings is begun. A writing program waits in the kernel,
///   which holds the request; it takes no thread and no memory here.
/// - A page on a backing device is left as well: this is one thread, and must not wait.
/// - The standby allocates the buffer before its turn comes.
/// Cost: 2 MiB of buffer and a thread, for some ten milliseconds.
public final class EarlyReads: @unchecked Sendable {
    // Unchecked: what is not constant is written by the thread, and read when it has ended.

    private static let pollMilliseconds: CInt = 1
    /// Room for requests to forget.
    private static let keptByteCountMax = 64 << 10

    private let buffer = RequestBuffer()
    private var kept: [UInt8] = []
    /// A request to forget that found no room, in the buffer.
    private var last: UnsafeMutableRawBufferPointer?
    private let isStopping = Atomic(false)
    private let readCount = Atomic(0)
    private let unansweredCount = Atomic(0)
    private var thread: SmallThread?

    /// Allocates the buffers; in the standby, before its turn comes.
    public init() { kept.reserveCapacity(Self.keptByteCountMax) }

    /// Begins, on a descriptor that stays open and the caller's until the end. False: no thread or
    /// no worker is available, or the kernel cannot send again what is left; nothing has changed.
    public func start(on descriptor: CInt, _ store: SwapStore) -> Bool {
        guard let worker = store.makeWorker() else { return false }
        worker.backingGate = ClosedGate()
        Self.setBlocking(false, descriptor)
        if Session.resend(on: descriptor) == nil {
            thread = try? SmallThread.start("zswapfs-early", failure: MountError.thread) {
                [self] in
                let reads = FaultPulse().makeCounter()
                serve(descriptor, store, ServingWorker(store: worker, reads: reads))
                store.removeWorker(worker)
            }
        }
        guard thread == nil else { return true }
        Self.setBlocking(true, descriptor)
        store.removeWorker(worker)
        return false
    }

    /// Ends; no request is under way then.
    public func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        thread?.join()
        thread = nil
    }

    /// Reads that were answered.
    public var answeredCount: Int { readCount.load(ordering: .relaxed) }

    /// Requests that were left for the server.
    public var leftCount: Int { unansweredCount.load(ordering: .relaxed) }

    /// Whether read(2) of a descriptor waits for a request. For all processes that have it: one
    /// that died may have left it as it was here.
    static func setBlocking(_ waits: Bool, _ descriptor: CInt) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0 else { return }
        _ = fcntl(descriptor, F_SETFL, waits ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)
    }

    /// Shows the requests that have no answer, which the kernel does not send again. After the end.
    func forEachKept(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
        kept.withUnsafeMutableBytes { bytes in
            var rest = bytes[...]
            while rest.count >= MemoryLayout<fuse_in_header>.size {
                let request = UnsafeMutableRawBufferPointer(rebasing: rest)
                let length = Int(RawRequest(request).header.len)
                body(UnsafeMutableRawBufferPointer(rebasing: request[..<length]))
                rest = rest.dropFirst(length)
            }
        }
        if let last { body(last) }
    }

    private func serve(_ descriptor: CInt, _ store: SwapStore, _ worker: ServingWorker) {
        while !isStopping.load(ordering: .sequentiallyConsistent), last == nil {
            var question = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&question, 1, Self.pollMilliseconds) > 0 else { continue }
            switch buffer.receive(from: descriptor) {
            case .request(let bytes): take(RawRequest(bytes), descriptor, store, worker)
            case .nothing: continue
            // The server that comes finds the same, and says so.
            case .gone, .failed: return
            }
        }
    }

    private func take(
        _ request: RawRequest, _ descriptor: CInt, _ store: SwapStore, _ worker: ServingWorker
    ) {
        let answer = Answer(descriptor: descriptor, unique: request.header.unique)
        switch request.header.opcode {
        case FUSE_READ.rawValue where request.isForPages: read(request, answer, store, worker)
        case FUSE_FORGET.rawValue, FUSE_BATCH_FORGET.rawValue: keep(request)
        // Nothing here can be interrupted; after this answer the kernel stops asking.
        case FUSE_INTERRUPT.rawValue: answer.send(error: ENOSYS)
        default: leave()
        }
    }

    private func read(
        _ request: RawRequest, _ answer: Answer, _ store: SwapStore, _ worker: ServingWorker
    ) {
        // What is wrong with a request is for the server to say.
        guard let argument = request.argument(fuse_read_in.self),
            let slot = InodeNumber.areaSlot(of: request.header.nodeid),
            let area = worker.area(slot: slot, in: store)
        else { return leave() }
        let reply = buffer.reply
        let room = UnsafeMutableRawBufferPointer(
            rebasing: reply[..<min(Int(argument.size), reply.count)])
        var target = room.mutableBytes
        do {
            let count = try store.read(area, at: argument.offset, into: &target, by: worker.store)
            readCount.wrappingAdd(1, ordering: .relaxed)
            answer.send(UnsafeRawBufferPointer(rebasing: room[..<count]))
        } catch {
            if error == .wouldWait { return leave() }
            answer.send(error: Refusal(error).errno)
        }
    }

    private func leave() { unansweredCount.wrappingAdd(1, ordering: .relaxed) }

    /// Keeps a request that would not be sent again; the last one, if it finds no room.
    func keep(_ request: RawRequest) {
        guard kept.count + request.bytes.count <= Self.keptByteCountMax else {
            last = request.bytes
            return
        }
        kept += request.bytes
    }
}
