import CFuse

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

    /// What follows the header.
    var body: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[MemoryLayout<fuse_in_header>.size...])
    }

    /// The structure that the body begins with; nil when it is shorter.
    func argument<Argument: BitwiseCopyable>(_: Argument.Type) -> Argument? {
        let body = body
        guard body.count >= MemoryLayout<Argument>.size else { return nil }
        return body.loadUnaligned(as: Argument.self)
    }

    /// Whether a serving thread answers it by itself, from memory that is there: reading, writing
    /// and discarding pages of areas, and what a look at an area says.
    var isForPages: Bool {
        switch header.opcode {
        case FUSE_READ.rawValue, FUSE_WRITE.rawValue, FUSE_FALLOCATE.rawValue,
            FUSE_LSEEK.rawValue, FUSE_GETATTR.rawValue:
            InodeTable.areaSlot(of: header.nodeid) != nil
        default: false
        }
    }
}
