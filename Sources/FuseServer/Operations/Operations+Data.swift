import ControlTree
import Glibc
import Latency
import SwapStore
import ZswapCore

/// FUSE_READ, FUSE_WRITE, FUSE_FALLOCATE, FUSE_LSEEK.
extension Operations {
    private static let keepSize: UInt32 = 1
    private static let punchHole: UInt32 = 2
    private static let zeroRange: UInt32 = 16
    private static let seekData: CInt = 3
    private static let seekHole: CInt = 4

    /// Reads into `target`; returns the bytes read.
    func read(
        _ inode: UInt64, at offset: UInt64, into target: inout MutableRawSpan,
        _ worker: ServingWorker
    ) throws(Refusal) -> Int {
        guard InodeNumber.areaSlot(of: inode) == nil else {
            let area = try area(inode, worker)
            worker.reads.note(byteCount: target.byteCount)
            do {
                let shared = try target.withUnsafeMutableBytes { bytes throws(StoreError) in
                    try helpers?.perform(
                        bytes, writes: false, area, at: offset, by: worker.store)
                }
                if let shared { return shared }
                return try store.read(area, at: offset, into: &target, by: worker.store)
            } catch {
                throw Refusal(error)
            }
        }
        let part = try text(inode, at: offset, byteCount: UInt64(target.byteCount))
        target.withUnsafeMutableBytes { $0.copyBytes(from: part) }
        return part.count
    }

    /// A part of the text that an open control file is read from.
    func text(
        _ inode: UInt64, at offset: UInt64, byteCount: UInt64
    ) throws(Refusal) -> ArraySlice<UInt8> {
        try resumeText(inode)
        let text: [UInt8]
        switch inodes.text(of: inode) {
        case .bytes(let bytes): text = bytes
        case .gone: throw Refusal(ESTALE)
        case .none: throw Refusal(EISDIR)
        }
        let range = ByteRange(clamping: offset, byteCount: byteCount)
            .clipped(to: UInt64(text.count))
        return text[range.indices]
    }

    /// Writes `bytes`; returns how many were taken. A write to a control file is one whole value.
    func write(
        _ bytes: RawSpan, to inode: UInt64, at offset: UInt64, by caller: UInt32 = privilegedUser,
        _ worker: ServingWorker
    ) throws(Refusal) -> Int {
        guard InodeNumber.areaSlot(of: inode) == nil else {
            let area = try area(inode, worker)
            dropPrivilegeBits(of: area, for: caller)
            do {
                return try write(bytes, to: area, at: offset, worker.store)
            } catch {
                throw Refusal(error)
            }
        }
        guard case .control(let path) = try node(inode) else { throw Refusal(EISDIR) }
        worker.seat?.stepAside()
        do throws(ControlError) {
            let shown = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            // At the start, or at the end of the text, where appending writes. Where the text of a
            // predecessor ended is not known.
            guard
                offset == 0 || offset == UInt64(inodes.byteCount(of: inode))
                    || inodes.isTakenUp(inode)
            else {
                throw tree.refuse(
                    path, "a value is written at once, from the start of the file", value: shown)
            }
            let text = bytes.withUnsafeBytes { String(validating: $0, as: UTF8.self) }
            guard let text else {
                throw tree.refuse(path, "the value is not UTF-8", value: shown)
            }
            try tree.write(text, to: path)
        } catch {
            onRefusal(error.message)
            throw Refusal(error)
        }
        return bytes.byteCount
    }

    private func write(
        _ bytes: RawSpan, to area: Area, at offset: UInt64, _ worker: StoreWorker
    ) throws(StoreError) -> Int {
        var taken = 0
        do throws(StoreError) {
            let shared = try bytes.withUnsafeBytes { bytes throws(StoreError) in
                try helpers?.perform(
                    UnsafeMutableRawBufferPointer(mutating: bytes), writes: true, area,
                    at: offset, by: worker)
            }
            if let shared { return shared }
        } catch {
            // Helpers do not wait for room; this thread may.
            guard case .wouldWaitForRoom(let count) = error, worker.mayWaitForRoom else {
                throw error
            }
            taken = count
        }
        do {
            return try taken
                + store.write(
                    bytes.extracting(taken...), to: area, at: offset + UInt64(taken), by: worker)
        } catch {
            // A write may be short.
            if taken > 0 { return taken }
            throw error
        }
    }

    /// Punching and zeroing discard. Plain allocation would promise room, which the store cannot,
    /// since how far later pages compress is unknown; so it changes at most the size.
    func fallocate(
        _ inode: UInt64, mode: UInt32, at offset: UInt64, byteCount: UInt64,
        by caller: UInt32 = privilegedUser, _ worker: ServingWorker
    ) throws(Refusal) {
        let area = try area(inode, worker)
        guard byteCount > 0 else { throw Refusal(EINVAL) }
        guard let range = ByteRange(offset: offset, byteCount: byteCount) else {
            throw Refusal(EFBIG)
        }
        let discards: Bool
        switch mode {
        case 0, Self.keepSize: discards = false
        case Self.punchHole | Self.keepSize, Self.zeroRange, Self.zeroRange | Self.keepSize:
            discards = true
        default: throw Refusal(EOPNOTSUPP)
        }
        dropPrivilegeBits(of: area, for: caller)
        do {
            if discards {
                try store.discard(area, at: offset, byteCount: byteCount, by: worker.store)
            }
            if mode & Self.keepSize == 0 { try store.extend(area, to: range.end) }
        } catch {
            throw Refusal(error)
        }
    }

    /// SEEK_DATA and SEEK_HOLE; the kernel answers the others itself.
    func seek(
        _ inode: UInt64, from offset: Int, whence: CInt, _ worker: ServingWorker
    ) throws(Refusal) -> Int {
        guard offset >= 0 else { throw Refusal(ENXIO) }
        if case .control = try node(inode) { return try seekText(inode, from: offset, whence) }
        let area = try area(inode, worker)
        do {
            switch whence {
            case Self.seekData:
                return Int(
                    try store.nextData(in: area, from: UInt64(offset), by: worker.store))
            case Self.seekHole:
                return Int(
                    try store.nextHole(in: area, from: UInt64(offset), by: worker.store))
            default: break
            }
        } catch {
            throw Refusal(error)
        }
        throw Refusal(EINVAL)
    }

    /// A text has no holes.
    private func seekText(
        _ inode: UInt64, from offset: Int, _ whence: CInt
    ) throws(Refusal) -> Int {
        try resumeText(inode)
        let byteCount = inodes.byteCount(of: inode)
        guard whence == Self.seekData || whence == Self.seekHole else { throw Refusal(EINVAL) }
        guard offset < byteCount else { throw Refusal(ENXIO) }
        return whence == Self.seekData ? offset : byteCount
    }
}
