import Foundation
import TestSupport

/// A filesystem with little room, in memory: a sparse file on it meets its end in the middle of a
/// write. Unmounted when dropped; what uses it must have ended.
final class SmallDisk {
    /// The mount point. A later run finds the mount of a killed one by this name.
    let path: String
    private let directory: TemporaryDirectory

    init(megabyteCount: Int) throws {
        directory = try TemporaryDirectory()
        path = try directory.makeDirectory("disk")
        let options = "size=\(megabyteCount)m"
        let (status, text) = try SwapHost.run(
            "mount", ["-t", "tmpfs", "-o", options, "tmpfs", path])
        guard status == 0 else { throw SwapMount.Trouble(text: "mount: \(text)") }
    }

    deinit { umount2(path, CInt(MNT_DETACH)) }

    /// Gives it another size.
    func resize(megabyteCount: Int) throws {
        let (status, text) = try SwapHost.run(
            "mount", ["-o", "remount,size=\(megabyteCount)m", path])
        guard status == 0 else { throw SwapMount.Trouble(text: "remount: \(text)") }
    }
}
