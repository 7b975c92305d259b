import Glibc
import SystemPackage

/// A request to the kernel for processors that wake up quickly: /dev/cpu_dma_latency (PM QoS).
///
///     open ── request(microseconds: 0) ── withdraw ── request … ── process ends: withdrawn
///
/// An idle processor halts, and leaving that state takes time: a few microseconds of a C-state on
/// bare metal, 20 and more in a virtual machine. While some process requests 0 microseconds, idle
/// processors poll.
///
/// Law: the request belongs to the open file, so it ends with the process, also with a killed one.
/// A change takes one system call and no memory.
/// Price: each change wakes all idle processors once, and polling takes power, or a host's time.
public final class LatencyDevice: @unchecked Sendable {
    // Unchecked: the descriptor never changes, and the kernel orders writes to it.

    /// The device. Root may open it.
    public static let path = "/dev/cpu_dma_latency"
    /// The value for "no requirement" (PM_QOS_DEFAULT_VALUE).
    private static let none: Int32 = -1

    private let file: OpenFile

    /// Opens the device; nothing is requested yet. Throws what `open` says. `path` is another file
    /// in tests.
    public init(_ path: String = LatencyDevice.path) throws(SystemFailure) {
        file = try OpenFile(path, for: .readingAndWriting)
    }

    /// Requests that a processor wakes up within this time, in place of the last request.
    public func request(microseconds: Int32) throws(SystemFailure) { try write(microseconds) }

    /// Withdraws the request.
    public func withdraw() throws(SystemFailure) { try write(Self.none) }

    /// The smallest request of all processes, in microseconds.
    public static func smallestRequest() throws(SystemFailure) -> Int {
        let bytes = try OpenFile(path, for: .reading).readStart(byteCount: 4)
        guard bytes.count == 4 else {
            throw SystemFailure(call: "read", errno: .ioError, path: path)
        }
        let word = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
        return Int(word)
    }

    private func write(_ value: Int32) throws(SystemFailure) {
        // At the start: a plain file that stands for the device holds the last request.
        let count = withUnsafeBytes(of: value) {
            pwrite(file.descriptor, $0.baseAddress, $0.count, 0)
        }
        guard count == MemoryLayout<Int32>.size else { throw SystemFailure("write", file.path) }
    }
}
