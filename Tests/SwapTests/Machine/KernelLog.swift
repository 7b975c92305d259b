import Foundation
import LinuxSystem

/// The kernel's messages from now on: /dev/kmsg, read from its end.
final class KernelLog {
    private let descriptor: CInt

    /// nil where the log may not be read.
    init?() {
        descriptor = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        lseek(descriptor, 0, SEEK_END)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The messages since the last call.
    func lines() -> [String] {
        var lines: [String] = []
        var record = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = read(descriptor, &record, record.count)
            // EPIPE: older records were overwritten, the next ones are there.
            if count < 0, errno == EPIPE || errno == EINTR { continue }
            guard count > 0 else { return lines }
            let text = String(decoding: record.prefix(count), as: UTF8.self)
            lines.append(text.split(separator: ";", maxSplits: 1).last.map(String.init) ?? text)
        }
    }

    /// Complaints about swapping to this loop device, since the last call.
    func swapErrors(of device: LoopDevice) -> [String] {
        let name = "dev \(device.path.dropFirst("/dev/".count))"
        return lines().filter { line in
            // "I/O error, dev loop3, sector 8"; "Read-error on swap-device (7:3:8)"
            line.contains("\(name),") || line.contains("swap-device (\(device.number):")
        }
    }
}
