public import ArgumentParser
public import Experiment
import LinuxSystem
public import NullFilesystem
import ZswapCore

extension NullTransport: ExpressibleByArgument {
    /// The default of `zswapfs mount`.
    static let preferred = NullTransport.dev
}

extension SwapRecorder.Hand: NullObserver {}

/// `zswapfs-bench null`: serves the null filesystem in the foreground until it is unmounted.
/// Started and ended by `io` and `swap`.
struct NullCommand: ParsableCommand {
    /// The file that is there when it serves.
    static let fileName = "data"

    static let configuration = CommandConfiguration(
        commandName: "null", abstract: "Serve the null filesystem.",
        discussion: """
            One file, `data`, of memory that is read and written as it is. Ends when it is \
            unmounted; a signal unmounts it unless it is in use.
            """, shouldDisplay: false)

    @Argument(help: "Where to mount it.")
    var mountPoint: String

    @Option(help: "Bytes of the file, or a whole number with K, M or G.")
    var size = "256M"

    @Option(help: "How requests come: dev or uring.")
    var transport = NullTransport.dev

    @Option(help: "Threads that serve /dev/fuse.")
    var threads = Machine.processorCount

    @Option(help: "Write what every page is asked for to this new file, when it has ended.")
    var record: String?

    @Option(help: "Events that the record has room for.")
    var events = 1 << 22

    func validate() throws {
        _ = try byteCount()
        guard record == nil || transport == .dev else {
            throw ValidationError("--record: with --transport dev only")
        }
        guard (1...1 << 27).contains(events) else {
            throw ValidationError("--events \(events): 1 to 134217728")
        }
        guard threads > 0 else { throw ValidationError("--threads \(threads): at least 1") }
    }

    func run() throws {
        SignalGate.close()
        ProcessProtection.settleHeap()
        let file = try record.map { try OpenFile($0, for: .creating) }
        let recorder = try file.map { _ in try SwapRecorder(eventCountMax: events) }
        let hands = try recorder.map { recorder in
            try (0..<threads).map { _ in try SwapRecorder.Hand(recorder) }
        }
        let server = try NullServer(
            byteCount: try byteCount(), transport: transport, threadCount: threads,
            observers: hands ?? [], onEnd: SignalGate.wake)
        // From here on: the threads' stacks and buffers too.
        try ProcessProtection.lockMemory(sparse: [])
        do {
            // Needed while the connection is set up, and no longer.
            let ring = transport == .uring ? try RingSwitch() : nil
            defer { ring?.putBack() }
            try server.mount(at: mountPoint)
        } catch {
            try? Unmounting.unmount(mountPoint)
            server.join()
            throw error
        }
        while !server.isFinished {
            guard case .stop(let signal) = SignalGate.wait(seconds: 1) else { continue }
            do {
                try Unmounting.unmount(mountPoint)
            } catch {
                StandardError.write("\(signal) refused: \(error)")
            }
        }
        server.join()
        if let file, let recorder { try recorder.record.write(to: file) }
    }

    private func byteCount() throws -> Int {
        guard let size = ByteSize(parsing: size), size.bytes > 0,
            size.bytes.isMultiple(of: UInt64(Page.byteCount)), size.bytes <= 1 << 40
        else {
            throw ValidationError("--size \(size): not a size of whole pages, as 256M or 1G")
        }
        return Int(size.bytes)
    }
}
