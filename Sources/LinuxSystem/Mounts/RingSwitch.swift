import Glibc

/// The kernel's switch for FUSE over io_uring, off by default. A connection that has its ring keeps
/// it when the switch goes off again, so it is on only while a mount is set up.
///
///     lock ── record "on" ── Y ── mount is set up ── N ── record "" ── unlock
///                             └── killed here: Y and the record stay, the lock goes
///
/// Law: a program that has switched it on holds a lock on it, so that no other program takes this
/// "on" for the administrator's, nor sets it back too early. A record without a lock is left by a
/// program that was killed: the next one sets the switch back.
public final class RingSwitch {
    /// The switch: `Y` or `N`.
    public static let path = "/sys/module/fuse/parameters/enable_uring"
    /// Says that one of us has switched it on.
    public static let record = RecordFile(path: "/run/zswapfs-uring")
    private static let device = "/dev/fuse"
    private let file: OpenFile
    /// The record, open as long as it has something to say.
    private let note: OpenFile?
    private let wasOn: Bool

    /// Switches it on, after waiting for other programs that have it on; nil where the kernel has
    /// no switch. Throws the error of opening or writing it, EACCES for users who may not.
    public convenience init?() throws(SystemFailure) {
        // Opening the device loads the module that has the switch.
        if try SystemText.attribute(Self.path) == nil {
            try OpenFile(Self.device, for: .reading).close()
        }
        guard try SystemText.attribute(Self.path) != nil else { return nil }
        let file = try OpenFile(Self.path, for: .readingAndWriting)
        try file.waitForLock()
        try self.init(locked: file)
    }

    private init(locked file: OpenFile) throws(SystemFailure) {
        self.file = file
        let isLeftover = try Self.record.text() != nil
        let isOn = try SystemText.attribute(Self.path) == "Y"
        wasOn = isOn && !isLeftover
        // Without a record, where /run may not be written, a kill leaves the switch on.
        note = wasOn ? nil : try? Self.record.locked()
        if let note { try? Self.record.write("on", to: note) }
        if !isOn { try file.writeStart(Array("Y".utf8)) }
    }

    /// Sets it back to what it was. Once.
    public func putBack() {
        // By the files that are open since: this must work when no more may be opened. It could be
        // set a moment ago; if it can't be any more, on does no harm.
        if !wasOn { try? file.writeStart(Array("N".utf8)) }
        if let note { try? Self.record.write(nil, to: note) }
        note?.close()
        file.close()
    }

    /// Sets it back if a program that was killed left it on. True: that was so.
    public static func putBackLeftover() -> Bool {
        guard (try? record.text()) != nil,
            let file = try? OpenFile(path, for: .readingAndWriting),
            // Locked: another program is setting up a mount, and sets it back.
            (try? file.tryLock()) == true, (try? record.text()) != nil
        else { return false }
        (try? RingSwitch(locked: file))?.putBack()
        return true
    }
}
