import ZswapCore

/// The file's requests in whole pages, for an observer.
///
///     bytes      |......xxxxxxxxxxxxxx....|
///     page       |   0   |   1   |   2   |
///     read, written: 0, 1 and 2; discarded: 1 only
struct ObservedFile {
    /// FALLOC_FL_PUNCH_HOLE and FALLOC_FL_ZERO_RANGE.
    private static let discardModes: UInt32 = 0x02 | 0x10

    let file: NullFile
    let observer: any NullObserver

    func read(at offset: UInt64, byteCount: Int) {
        observer.read(pages: touched(at: offset, byteCount: byteCount))
    }

    /// After the bytes are in the file.
    func wrote(at offset: UInt64, byteCount: Int) {
        for page in touched(at: offset, byteCount: byteCount) {
            let bytes = file.part(at: UInt64(page << Page.shift), byteCount: Page.byteCount)
            observer.wrote(page: page, UnsafeRawBufferPointer(bytes).bytes)
        }
    }

    func allocated(at offset: UInt64, byteCount: UInt64, mode: UInt32) {
        guard mode & Self.discardModes != 0 else { return }
        let end = offset.addingReportingOverflow(byteCount)
        let last = min(end.overflow ? .max : end.partialValue, UInt64(file.memory.count))
        let first = min(offset, last)
        let begin = (Int(first) + Page.byteCount - 1) >> Page.shift
        observer.discarded(pages: begin..<max(begin, Int(last) >> Page.shift))
    }

    private func touched(at offset: UInt64, byteCount: Int) -> Range<Int> {
        let count = file.part(at: offset, byteCount: byteCount).count
        guard count > 0 else { return 0..<0 }
        let begin = Int(offset)
        return begin >> Page.shift..<(begin + count + Page.byteCount - 1) >> Page.shift
    }
}
