import CFuse
import ZswapCore

/// A request as read(2) of /dev/fuse gives it: a header, then what belongs to its kind.
struct RawRequest {
    /// All of it.
    let bytes: UnsafeMutableRawBufferPointer
    let header: fuse_in_header

    /// At least a header long.
    init(_ bytes: UnsafeMutableRawBufferPointer) {
        self.bytes = bytes
        header = bytes.loadUnaligned(as: fuse_in_header.self)
    }

    /// The bytes behind the header.
    var body: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[MemoryLayout<fuse_in_header>.size...])
    }

    /// The structure that the body begins with; nil when it is shorter.
    func argument<Argument: BitwiseCopyable>(_: Argument.Type) -> Argument? {
        let body = body
        guard body.count >= MemoryLayout<Argument>.size else { return nil }
        return body.loadUnaligned(as: Argument.self)
    }

    /// A WRITE request longer than `limit` bytes, cut to that length in place. Its data is still
    /// longer than a control file takes, so it is refused all the same. Other requests stay.
    func shortenedWrite(toByteCount limit: Int) -> RawRequest {
        let bodyOffset = MemoryLayout<fuse_in_header>.size
        let dataOffset = bodyOffset + MemoryLayout<fuse_write_in>.size
        invariant(limit > dataOffset)
        guard header.opcode == FUSE_WRITE.rawValue, bytes.count > limit,
            var argument = argument(fuse_write_in.self)
        else { return self }
        argument.size = min(argument.size, UInt32(limit - dataOffset))
        var header = header
        header.len = UInt32(limit)
        bytes.storeBytes(of: header, as: fuse_in_header.self)
        bytes.storeBytes(of: argument, toByteOffset: bodyOffset, as: fuse_write_in.self)
        return RawRequest(UnsafeMutableRawBufferPointer(rebasing: bytes[..<limit]))
    }

    /// Whether a serving thread answers it by itself, without allocating: reading, writing and
    /// discarding pages of areas, and an area's attributes.
    var isForPages: Bool {
        switch header.opcode {
        case FUSE_READ.rawValue, FUSE_WRITE.rawValue, FUSE_FALLOCATE.rawValue,
            FUSE_LSEEK.rawValue, FUSE_GETATTR.rawValue:
            InodeNumber.areaSlot(of: header.nodeid) != nil
        default: false
        }
    }
}
