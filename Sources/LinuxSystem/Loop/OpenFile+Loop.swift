import CLinux
import Glibc
import SystemPackage

/// The status of a loop device, told by the device itself.
public struct LoopStatus: Equatable, Sendable {
    /// The file it is attached to, whatever its path is now.
    public let backing: FileIdentity
    /// True when the device detaches itself at its last close.
    public let detachesItself: Bool
    /// The file's name as given when the device was attached: cut after 63 bytes.
    public let name: String

    /// A status with these parts.
    public init(backing: FileIdentity, detachesItself: Bool, name: String) {
        self.backing = backing
        self.detachesItself = detachesItself
        self.name = name
    }
}

/// The options for attaching a loop device.
public struct LoopAttachRequest: Sendable {
    /// Bytes in a sector of the device.
    public var sectorByteCount: UInt32 = 4096
    /// False: only the calls that kernels before 5.8 have.
    public var usesConfigure = true

    /// Sectors of 4096 bytes, with whatever call the kernel has.
    public init() {}
}

/// Calls on an open loop device.
extension OpenFile {
    /// Attaches this loop device to `backing`: direct I/O, and detaching itself at its last close.
    /// The kernel drops direct I/O silently where the file does not support it, so the caller
    /// checks afterwards.
    ///
    /// False: another process attached this device first.
    public func loopAttach(
        to backing: OpenFile, _ request: LoopAttachRequest
    ) throws(SystemFailure) -> Bool {
        var info = loop_info64()
        info.lo_flags = UInt32(LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO)
        withUnsafeMutableBytes(of: &info.lo_file_name) { name in
            // One byte stays 0: old tools read the name up to there.
            for (index, byte) in backing.path.utf8.prefix(name.count - 1).enumerated() {
                name[index] = byte
            }
        }
        if request.usesConfigure {
            var config = loop_config()
            config.fd = UInt32(backing.descriptor)
            config.block_size = request.sectorByteCount
            config.info = info
            if clinux_loop_configure(descriptor, &config) == 0 { return true }
            let failure = SystemFailure("LOOP_CONFIGURE", path)
            if failure.errno == .resourceBusy { return false }
            // Kernels before 5.8 do not know the call and say one of these.
            guard
                failure.errno == .invalidArgument || failure.errno == .noFunction
                    || failure.errno == .inappropriateIOCTLForDevice
            else { throw failure }
        }
        return try loopAttachInSteps(to: backing, info, request)
    }

    private func loopAttachInSteps(
        to backing: OpenFile, _ info: loop_info64, _ request: LoopAttachRequest
    ) throws(SystemFailure) -> Bool {
        guard clinux_loop_set_fd(descriptor, backing.descriptor) == 0 else {
            let failure = SystemFailure("LOOP_SET_FD", path)
            if failure.errno == .resourceBusy { return false }
            throw failure
        }
        do throws(SystemFailure) {
            var info = info
            guard clinux_loop_set_status(descriptor, &info) == 0 else {
                throw SystemFailure("LOOP_SET_STATUS64", path)
            }
            let sector = UInt(request.sectorByteCount)
            guard clinux_loop_set_block_size(descriptor, sector) == 0 else {
                throw SystemFailure("LOOP_SET_BLOCK_SIZE", path)
            }
            guard clinux_loop_set_direct_io(descriptor, 1) == 0 else {
                throw SystemFailure("LOOP_SET_DIRECT_IO", path)
            }
            return true
        } catch {
            clinux_loop_clear_fd(descriptor)
            throw error
        }
    }

    /// The status of this loop device; nil when it is attached to nothing.
    public func loopStatus() throws(SystemFailure) -> LoopStatus? {
        var info = loop_info64()
        guard clinux_loop_get_status(descriptor, &info) == 0 else {
            let failure = SystemFailure("LOOP_GET_STATUS64", path)
            if failure.errno == .noSuchAddressOrDevice { return nil }
            throw failure
        }
        return LoopStatus(
            backing: FileIdentity(device: DeviceNumber(info.lo_device), inode: info.lo_inode),
            detachesItself: info.lo_flags & UInt32(LO_FLAGS_AUTOCLEAR) != 0,
            name: withUnsafeBytes(of: info.lo_file_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            })
    }

    /// Detaches this loop device, or lets it detach itself when the last one closes it. Nothing
    /// happens when it is attached to nothing.
    public func loopDetach() throws(SystemFailure) {
        guard clinux_loop_clear_fd(descriptor) == 0 else {
            let failure = SystemFailure("LOOP_CLR_FD", path)
            if failure.errno == .noSuchAddressOrDevice { return }
            throw failure
        }
    }
}
