import Arena
public import Backing
public import LinuxSystem
import SystemPackage
import ZswapCore

/// A regular file or a block device as a backing device: every request goes past the page cache, so
/// that nothing is in memory twice, and writing needs no memory of the kernel's cache.
///
/// Law: one daemon has it at a time. It stands on nothing that the avoided filesystem serves. Its
/// length is that at opening: access to a part that is cut off later is EIO.
public final class BackingFile: BackingDevice, @unchecked Sendable {
    // Unchecked: the file is open as long as this is; nothing changes.

    /// The smallest: what a log needs.
    public static let byteCountMin = UInt64(
        BackingLog.segmentCountMin * BackingLog.segmentByteCount)

    /// The path that it was opened by.
    public let path: String
    /// Whole blocks of the file or device.
    public let byteCount: UInt64
    /// Has the lock as long as it is open.
    private let file: OpenFile

    /// Opens the file or device at `path`. It must exist, be large enough, and not be in use. The
    /// first block is read and written back, to check that both work.
    ///
    /// `avoided` is the filesystem whose daemon this thread belongs to. No request is sent to it,
    /// nor to anything that stands on it.
    public init(opening path: String, unlessOn avoided: DeviceNumber?) throws(BackingError) {
        guard ByteText(path).hasPrefix("/") else { throw .notAbsolute }
        var search = BackingSearch(avoiding: avoided)
        let located = try search.find(path)
        switch located.status.kind {
        case .regular: break
        case .blockDevice: try search.admit(blockDevice: located.status.specialDevice)
        case .directory, .symbolicLink, .other: throw .wrongKind
        }
        do {
            file = try Self.open(located)
            byteCount = try file.byteCount() & ~UInt64(BackingBlock.byteCount - 1)
        } catch {
            throw BackingError(opening: error.errno)
        }
        self.path = path
        guard byteCount >= Self.byteCountMin else {
            throw .tooSmall(byteCount: byteCount, minimum: Self.byteCountMin)
        }
        try tryOut()
    }

    /// Goes on with a file or device that a predecessor opened by that path: the descriptor is the
    /// same open file, with its lock and its claim. Takes the descriptor over.
    public init(adopting descriptor: CInt, path: String) throws(BackingError) {
        self.path = path
        file = OpenFile(path: path, descriptor: descriptor)
        do {
            byteCount = try file.byteCount() & ~UInt64(BackingBlock.byteCount - 1)
        } catch {
            throw BackingError(opening: error.errno)
        }
    }

    private static func open(_ located: BackingSearch.Located) throws(SystemFailure) -> OpenFile {
        // A device is claimed by opening it. Its file lock is not taken: programs that probe new
        // disks take it.
        if located.status.kind == .blockDevice {
            return try OpenFile(reopening: located.place, for: .claimingDeviceDirect)
        }
        let file = try OpenFile(reopening: located.place, for: .direct)
        // Programs that attach a file to a loop device take no lock.
        let path = try located.place.canonicalPath()
        let isAttached = LoopDevice.attached().contains {
            $0.backingPath.map { ByteText($0) } == ByteText(path)
        }
        if !isAttached, try file.tryLock() { return file }
        throw SystemFailure(call: "open", errno: .resourceBusy, path: file.path)
    }

    /// Opening a swap file succeeds, and some filesystems refuse direct I/O only here.
    private func tryOut() throws(BackingError) {
        let block: BlockMemory
        do { block = try BlockMemory(byteCount: BackingBlock.byteCount) } catch {
            throw .noMemory
        }
        do {
            try file.read(into: block.bytes, at: 0)
            try file.write(UnsafeRawBufferPointer(block.bytes), at: 0)
        } catch {
            throw BackingError(opening: error)
        }
    }

    /// See ``Backing/BackingDevice``.
    public func makeSegmentMemory(byteCount: Int) throws(BackingError) -> any SegmentMemory {
        try SharedSegmentMemory(byteCount: byteCount)
    }

    /// See ``Backing/BackingDevice``.
    public func close() { file.close() }

    /// See ``Backing/BackingDevice``.
    public var descriptor: CInt? { file.descriptor }

    /// See ``Backing/BackingDevice``.
    public func read(
        into target: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(BackingError) {
        invariant(
            BackingBlock.isWhole(UnsafeRawBufferPointer(target), at: offset, of: byteCount))
        do { try file.read(into: target, at: offset) } catch {
            throw .failed(errno: error.rawValue)
        }
    }

    /// See ``Backing/BackingDevice``.
    public func write(_ source: UnsafeRawBufferPointer, at offset: UInt64) throws(BackingError) {
        invariant(BackingBlock.isWhole(source, at: offset, of: byteCount))
        do { try file.write(source, at: offset) } catch {
            throw .failed(errno: error.rawValue)
        }
    }
}

extension BackingError {
    /// The error for an errno of opening a file.
    init(opening errno: Errno) {
        switch errno {
        case .noSuchFileOrDirectory, .notDirectory: self = .notFound
        case .permissionDenied, .notPermitted: self = .noPermission
        case .resourceBusy, .textFileBusy: self = .busy
        case .invalidArgument: self = .notDirect
        default: self = .failed(errno: errno.rawValue)
        }
    }
}
