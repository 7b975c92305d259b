import Glibc
import SwapStore
import Synchronization
import Threads
import ZswapCore

/// Threads that take a part of a large request off the thread that serves it: compressing 512 KiB
/// takes a processor most of a millisecond, and the other processors are often idle meanwhile.
///
///     a request of 1 MiB:   | piece 0 | piece 1 | piece 2 | … | piece 31 |    pieces of 32 KiB
///                             server    helper    server        a free thread takes the next one
///
/// Law: one request is shared at a time; another one that comes meanwhile is served by its own
/// thread alone. A piece is taken by compareExchange on a word that holds the request's number, so
/// no helper takes a piece of a request that is over. The serving thread takes pieces itself, waits
/// only for those that a helper has begun, and answers when all are done. After a piece failed no
/// more are taken.
///
/// Price: a thread with a worker for each helper; two system calls for each shared request.
final class Helpers: @unchecked Sendable {
    // Unchecked: `job` is written by the owner of `isTaken` while no piece can be taken.

    /// Requests from here on are shared, in bytes.
    static let byteCountMin = 128 << 10
    private static let pieceByteCount = 32 << 10
    private static let pieceCountMax = Session.requestByteCountMax / pieceByteCount
    /// Looks at the last pieces before sleeping: some microseconds.
    private static let spinCount = 2000

    /// The shared request: the range of an area, its bytes in memory and the direction.
    private struct Job {
        var area: Area?
        var offset: UInt64 = 0
        var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        var writes = false
    }

    private let store: SwapStore
    private let workers: [StoreWorker]
    private var threads: [SmallThread] = []
    private let isTaken = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    private var job = Job()
    /// Number of the request, then the pieces that no thread has taken yet: first, end.
    private let open = Atomic<UInt64>(0)
    /// Pieces that are done.
    private let doneCount = Atomic<Int>(0)
    /// The serving thread sleeps, or is about to, until a piece is done.
    private let isWaiting = Atomic<Bool>(false)
    private let pieceDone = Semaphore()
    private let requestCame = Semaphore()
    /// Bytes done of each piece, or the failure.
    private let outcomes: UnsafeMutableBufferPointer<Result<Int, StoreError>>

    init(store: SwapStore, workers: [StoreWorker]) {
        self.store = store
        self.workers = workers
        for worker in workers {
            worker.backingGate = ClosedGate()
            worker.mayWaitForRoom = false
        }
        outcomes = .allocate(capacity: Self.pieceCountMax)
        outcomes.initialize(repeating: .success(0))
    }

    deinit {
        outcomes.deinitialize()
        outcomes.deallocate()
    }

    func start() throws(MountError) {
        for index in workers.indices {
            threads.append(
                try SmallThread.start("zswapfs-help-\(index)", failure: MountError.thread) {
                    [self] in
                    run(workers[index])
                })
        }
    }

    func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        for _ in threads { requestCame.post() }
        for thread in threads { thread.join() }
        threads = []
    }

    /// Serves a large request together with the helpers. Returns the bytes from its begin on that
    /// were read or written; nil when the request is not shared, or a part of it needs a device:
    /// then one thread has to serve it. Without room it throws, also when the worker may wait: the
    /// rest is that one's.
    func perform(
        _ bytes: UnsafeMutableRawBufferPointer, writes: Bool, _ area: Area, at offset: UInt64,
        by worker: StoreWorker
    ) throws(StoreError) -> Int? {
        // Inside the area only: its length must not depend on which piece comes first.
        guard bytes.count >= Self.byteCountMin, bytes.count <= Session.requestByteCountMax,
            !workers.isEmpty, offset.isMultiple(of: UInt64(Page.byteCount)),
            let range = ByteRange(offset: offset, byteCount: UInt64(bytes.count)),
            range.end <= area.size,
            isTaken.compareExchange(
                expected: false, desired: true, ordering: .acquiringAndReleasing
            ).exchanged
        else { return nil }
        defer { isTaken.store(false, ordering: .releasing) }
        let pieceCount = (bytes.count + Self.pieceByteCount - 1) / Self.pieceByteCount
        job = Job(area: area, offset: offset, bytes: bytes, writes: writes)
        doneCount.store(0, ordering: .relaxed)
        for index in 0..<pieceCount { outcomes[index] = .success(0) }
        let number = HelperPieces(open.load(ordering: .relaxed)).number &+ 1
        open.store(
            HelperPieces(number: number, first: 0, end: pieceCount).word, ordering: .releasing)
        for _ in workers { requestCame.post() }
        while takePiece(number, worker) {}
        waitForOthers()
        job.area = nil
        do {
            return try outcome(pieceCount)
        } catch .wouldWait {
            return nil
        }
    }

    /// The bytes done from the begin on. Throws the failure of a read, of a request that has to
    /// wait, and of a write of which nothing was done.
    private func outcome(_ pieceCount: Int) throws(StoreError) -> Int {
        var total = 0
        for index in 0..<pieceCount {
            switch outcomes[index] {
            case .success(let count):
                total += count
                if count < piece(index).count { return total }
            case .failure(let error):
                // A read is whole or an error, and so is a request that has to wait; a write may
                // be short.
                if case .wouldWaitForRoom(let takenByteCount) = error {
                    throw .wouldWaitForRoom(takenByteCount: total + takenByteCount)
                }
                if total == 0 || !job.writes || error == .wouldWait { throw error }
                return total
            }
        }
        return total
    }

    private func run(_ worker: StoreWorker) {
        while true {
            requestCame.wait()
            guard !isStopping.load(ordering: .sequentiallyConsistent) else { return }
            let number = HelperPieces(open.load(ordering: .acquiring)).number
            while takePiece(number, worker) {}
        }
    }

    /// Takes and does the next piece of this request; false when there is none.
    private func takePiece(_ number: UInt32, _ worker: StoreWorker) -> Bool {
        var word = open.load(ordering: .acquiring)
        while true {
            let pieces = HelperPieces(word)
            guard pieces.number == number, pieces.first < pieces.end else { return false }
            let next = HelperPieces(number: number, first: pieces.first + 1, end: pieces.end)
            let (isOurs, current) = open.compareExchange(
                expected: word, desired: next.word, ordering: .acquiringAndReleasing)
            if isOurs {
                perform(pieces.first, worker)
                return true
            }
            word = current
        }
    }

    private func perform(_ index: Int, _ worker: StoreWorker) {
        guard let area = job.area else { unreachable("a piece of no request") }
        let piece = piece(index)
        let offset = job.offset + UInt64(index * Self.pieceByteCount)
        outcomes[index] = transfer(piece, area, offset, worker)
        if case .success(piece.count) = outcomes[index] {} else { takeNoMore() }
        doneCount.add(1, ordering: .sequentiallyConsistent)
        if isWaiting.exchange(false, ordering: .sequentiallyConsistent) { pieceDone.post() }
    }

    private func transfer(
        _ piece: UnsafeMutableRawBufferPointer, _ area: Area, _ offset: UInt64,
        _ worker: StoreWorker
    ) -> Result<Int, StoreError> {
        do throws(StoreError) {
            guard !job.writes else {
                let bytes = UnsafeRawBufferPointer(piece).bytes
                return .success(try store.write(bytes, to: area, at: offset, by: worker))
            }
            var target = piece.mutableBytes
            return .success(try store.read(area, at: offset, into: &target, by: worker))
        } catch {
            return .failure(error)
        }
    }

    /// Closes the request: pieces that no thread has taken yet are not done.
    private func takeNoMore() {
        var word = open.load(ordering: .acquiring)
        while true {
            let pieces = HelperPieces(word)
            let closed = HelperPieces(number: pieces.number, first: pieces.first, end: pieces.first)
            let (isDone, current) = open.compareExchange(
                expected: word, desired: closed.word, ordering: .acquiringAndReleasing)
            if isDone { return }
            word = current
        }
    }

    /// Waits until every piece that was taken is done; no more are left to take.
    private func waitForOthers() {
        let takenCount = HelperPieces(open.load(ordering: .acquiring)).first
        for _ in 0..<Self.spinCount
        where doneCount.load(ordering: .sequentiallyConsistent) < takenCount {}
        while doneCount.load(ordering: .sequentiallyConsistent) < takenCount {
            isWaiting.store(true, ordering: .sequentiallyConsistent)
            // If it is done meanwhile, the request is taken back here, or its post is on the way.
            if doneCount.load(ordering: .sequentiallyConsistent) == takenCount,
                isWaiting.exchange(false, ordering: .sequentiallyConsistent)
            {
                return
            }
            pieceDone.wait()
        }
    }

    private func piece(_ index: Int) -> UnsafeMutableRawBufferPointer {
        let start = index * Self.pieceByteCount
        let end = min(start + Self.pieceByteCount, job.bytes.count)
        return UnsafeMutableRawBufferPointer(rebasing: job.bytes[start..<end])
    }
}

/// Helpers do not wait for a device, nor for room: the request's own thread does, if it may.
final class ClosedGate: BackingGate {
    func enter() -> BackingEntry { .later }
}
