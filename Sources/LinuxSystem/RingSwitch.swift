import Glibc

/// The kernel's switch for FUSE over io_uring, off by default. A connection that has its ring keeps
/// it when the switch goes off again, so it is on only while a mount is set up.
///
/// Law: who has it on holds a lock on it, so that nobody takes another's "on" for what was there
/// before, nor sets it back too early.
public final class RingSwitch {
    /// The switch: `Y` or `N`.
    public static let path = "/sys/module/fuse/parameters/enable_uring"
    private static let device = "/dev/fuse"
    private let file: OpenFile
    private let wasOn: Bool

    /// Switches it on, after waiting for others who have it on; nil where the kernel has none.
    /// Throws what opening or writing it says, EACCES for users who may not.
    public init?() throws(SystemFailure) {
        // Opening the device loads the module that has the switch.
        if try SystemText.attribute(Self.path) == nil {
            try OpenFile(Self.device, for: .reading).close()
        }
        guard try SystemText.attribute(Self.path) != nil else { return nil }
        file = try OpenFile(Self.path, for: .readingAndWriting)
        try file.waitForLock()
        wasOn = try SystemText.attribute(Self.path) == "Y"
        if !wasOn { try file.writeStart(Array("Y".utf8)) }
    }

    /// Sets it back to what it was. Once.
    public func putBack() {
        // By the file that is open since: this must work when no more files may be opened. It could
        // be set a moment ago; if it can't be any more, on does no harm.
        if !wasOn { try? file.writeStart(Array("N".utf8)) }
        file.close()
    }
}
