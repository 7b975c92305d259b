import SystemPackage
import ZswapCore

/// A loop device attached to a file, with direct I/O and sectors of a page.
///
/// The device detaches itself when its last user closes it (LO_FLAGS_AUTOCLEAR). So while a command
/// sets it up, this open file keeps it, and a command that is killed leaves none; later the
/// kernel's swap keeps it, and it is gone after swapoff by any program.
///
///     attach -> device open here -> swapon -> closed here -> swapoff -> last user gone: detached
public struct LoopAttachment {
    /// Attempts to get a free device when other processes take those that the kernel names.
    private static let attemptCountMax = 64
    /// Longest time that a detached device may stay busy: programs that look at every new disk hold
    /// it briefly.
    private static let detachMilliseconds = 5000

    /// The attached device.
    public let device: LoopDevice
    /// Keeps it attached.
    public let handle: OpenFile

    /// Attaches a free loop device to the file at `path`. Throws the reason when no device can be
    /// attached.
    public init(
        to path: String, _ request: LoopAttachRequest = LoopAttachRequest(),
        freeDevice: () throws(SystemFailure) -> LoopDevice = { () throws(SystemFailure) in
            try LoopControl.freeDevice()
        }, undo: inout UndoList
    ) throws {
        // Not the locked file of the command: the kernel keeps this one open.
        let backing = try OpenFile(path, for: .readingAndWriting)
        defer { backing.close() }
        for _ in 0..<Self.attemptCountMax {
            let device = try Self.ask(for: freeDevice)
            if try device.makeNodeIfMissing() {
                undo.add("remove \(device.path)") { try SystemText.remove(device.path) }
            }
            guard device.hasNode else {
                throw LoopFailure(
                    .unavailable,
                    "\(device.path): stands for something else than device \(device.number), which "
                        + "is free; remove it, the node is made again")
            }
            let handle = try device.open(for: .readingAndWriting)
            guard try handle.loopAttach(to: backing, request) else { continue }
            self.device = device
            self.handle = handle
            let attachment = self
            undo.add("detach \(device.path)") { try attachment.detach() }
            return
        }
        throw LoopFailure(
            .unavailable, "\(path): every free loop device was taken by another process; try again")
    }

    private static func ask(
        for freeDevice: () throws(SystemFailure) -> LoopDevice
    ) throws -> LoopDevice {
        do {
            return try freeDevice()
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .noSuchAddressOrDevice, .operationNotSupportedByDevice:
                throw LoopFailure(
                    .unavailable,
                    "\(error.path): this kernel has no loop devices here (\(error.errno.name)); "
                        + "try `modprobe loop`, or give the container /dev/loop-control")
            case .noSpace:
                throw LoopFailure(
                    .unavailable, "no loop device is left; `losetup -a` lists them")
            default:
                throw error
            }
        }
    }

    /// Checks that the kernel accepted the settings: it drops direct I/O without an error where the
    /// filesystem does not offer it.
    public func verify() throws {
        let expected = [
            ("loop/dio", "1", "direct I/O"),
            ("queue/logical_block_size", "\(Page.byteCount)", "sectors of \(Page.byteCount) bytes"),
        ]
        for (attribute, value, meaning) in expected {
            let found = try device.attribute(attribute)
            guard found == value else {
                throw LoopFailure(
                    .unavailable,
                    "\(device.path): the kernel does not give \(meaning) on this file "
                        + "(\(attribute) is \(found ?? "missing"))")
            }
        }
    }

    /// Detaches the device and waits until it is free.
    public func detach() throws { try Self.detach(device, handle) }

    /// Detaches an open device, closes it and waits until it is free.
    public static func detach(_ device: LoopDevice, _ handle: OpenFile) throws {
        let backing = device.backingPath
        try handle.loopDetach()
        handle.close()
        let gone = Patience.wait(milliseconds: detachMilliseconds) { device.backingPath != backing }
        guard gone else {
            throw LoopFailure(
                .inUse,
                "\(device.path): a program still has it open (see `fuser -v \(device.path)`); "
                    + "it detaches itself when that ends")
        }
    }
}
