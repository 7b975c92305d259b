import Arena
import ZswapCore

/// Areas by byte range: what reads, writes, discards and truncations of a file come down to.
extension SwapStore {
    /// Reads into `target` from `offset` on; returns how many bytes there were before the end of
    /// the area. Throws `corrupted` or `backingFailed`; then nothing in `target` may be used.
    public func read(
        _ area: Area, at offset: UInt64, into target: inout MutableRawSpan,
        by worker: StoreWorker
    ) throws(StoreError) -> Int {
        begin(worker)
        defer { end(worker) }
        let range = ByteRange(clamping: offset, byteCount: UInt64(target.byteCount))
            .clipped(to: area.size)
        do {
            for span in PageSpans(range) {
                let position = span.position
                var part = target._mutatingExtracting(position..<position + span.range.count)
                if span.isWhole {
                    try load(span.page, of: area, into: &part, for: .reading, by: worker)
                } else {
                    let patch = worker.patch
                    var page = patch.mutableBytes
                    try load(span.page, of: area, into: &page, for: .reading, by: worker)
                    patch.copy(from: span.range.lowerBound, into: &part)
                }
            }
        } catch {
            if error != .wouldWait { count(.failedReads, by: worker) }
            throw error
        }
        invariant(
            range.byteCount <= UInt64(target.byteCount), "more bytes were read than asked for")
        area.note(.reads, range.pageCount, worker: worker.number)
        return Int(range.byteCount)
    }

    /// Writes `bytes` from `offset` on and makes the area longer where needed. Returns how many
    /// bytes were taken: all, or as many as were before the first page that was refused. Throws
    /// when that is the first, and when the rest is left to a worker that may wait.
    public func write(
        _ bytes: RawSpan, to area: Area, at offset: UInt64, by worker: StoreWorker
    ) throws(StoreError) -> Int {
        guard let range = ByteRange(offset: offset, byteCount: UInt64(bytes.byteCount)) else {
            throw .tooLarge
        }
        guard !range.isEmpty else { return 0 }
        begin(worker)
        defer { end(worker) }
        var taken = 0
        var isPostponed = false
        do {
            for span in PageSpans(range) {
                let part = bytes.extracting(taken..<taken + span.range.count)
                if span.isWhole {
                    try store(part, at: span.page, of: area, by: worker)
                } else {
                    try patch(span, of: area, .limited, worker) { $0.replace(from: $1, with: part) }
                }
                taken += span.range.count
            }
        } catch {
            // The pages before it are written again with the whole request.
            if error == .wouldWait { throw error }
            if case .wouldWaitForRoom = error {
                isPostponed = true
            } else {
                count(.failedWrites, by: worker)
            }
            if taken == 0 { throw error }
        }
        invariant(taken > 0 && taken <= bytes.byteCount, "more bytes were taken than came")
        let written = range.prefix(UInt64(taken))
        area.note(.writes, written.pageCount, worker: worker.number)
        area.extend(to: written.end)
        area.record.noteModification()
        if isPostponed { throw .wouldWaitForRoom(takenByteCount: taken) }
        return taken
    }

    /// Makes a range read as zeros and frees its pages; parts of pages are cleared. The size stays.
    /// Whole leaves of 2 MiB go in one pass each.
    public func discard(
        _ area: Area, at offset: UInt64, byteCount: UInt64, by worker: StoreWorker
    ) throws(StoreError) {
        let range = ByteRange(clamping: offset, byteCount: byteCount)
        guard !range.isEmpty else { return }
        try discard(range, of: area, worker)
        area.record.noteModification()
    }

    private func discard(
        _ range: ByteRange, of area: Area, _ worker: StoreWorker
    ) throws(StoreError) {
        begin(worker)
        defer { end(worker) }
        guard let whole = range.wholePages else { return try clear(range, of: area, worker) }
        // Whole pages first: what they free is there for the parts, should memory be short.
        discardPages(whole.pages.lowerBound, whole.pages.upperBound, of: area, worker)
        try clear(whole.before, of: area, worker)
        try clear(whole.after, of: area, worker)
    }

    /// Sets the size. What was beyond a smaller size is gone and reads as zeros if the area grows
    /// again. A write that extends at the same time may win; the kernel keeps the two apart. Throws
    /// `outOfMemory`, `corrupted` or `backingFailed` for the page that the end cuts in two; then
    /// nothing has changed.
    public func truncate(
        _ area: Area, to size: UInt64, by worker: StoreWorker
    ) throws(StoreError) {
        guard size <= Limits.areaByteCountMax else { throw .tooLarge }
        let old = area.size
        if size < old {
            // First the only step that can fail.
            let beyond = PageNumber(roundingUp: size).byteOffset
            try discard(ByteRange.rest(from: size).clipped(to: beyond), of: area, worker)
            try discard(ByteRange.rest(from: beyond), of: area, worker)
        }
        arena.storeWord(size, at: area.record.sizeOffset)
        area.record.noteModification()
    }

    /// Clears a part of one page; nothing when the range is empty or the page a hole.
    private func clear(
        _ range: ByteRange, of area: Area, _ worker: StoreWorker
    ) throws(StoreError) {
        for span in PageSpans(range) {
            try patch(span, of: area, .always, worker) { page, _ in page.clear(span.range) }
        }
    }

    /// Reads a page, changes a part of it and stores it, all or nothing. If the entry changed
    /// meanwhile, it starts again. A hole is left alone where the change would only clear it.
    private func patch(
        _ span: PageSpans.Element, of area: Area, _ admission: Admission, _ worker: StoreWorker,
        _ change: (PageBuffer, Int) -> Void
    ) throws(StoreError) {
        let patch = worker.patch
        while true {
            var page = patch.mutableBytes
            let old = try load(span.page, of: area, into: &page, for: .patching, by: worker)
            if admission == .always && old.kind == .empty { return }
            change(patch, span.range.lowerBound)
            invariant(!span.isWhole, "a whole page is stored, not patched")
            let entry = try makeEntry(patch.bytes, span.page, area, admission, worker)
            if try publish(entry, replacing: old, span.page, area, worker) { return }
        }
    }
}
