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
        let size = area.size
        guard offset < size else { return 0 }
        let byteCount = Int(min(UInt64(target.byteCount), size - offset))
        do {
            for span in PageSpans(offset: offset, byteCount: UInt64(byteCount)) {
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
            count(.failedReads, by: worker)
            throw error
        }
        area.note(
            .reads, PageSpans.count(offset: offset, byteCount: UInt64(byteCount)),
            worker: worker.number)
        return byteCount
    }

    /// Writes `bytes` from `offset` on and makes the area longer where needed. Returns how many
    /// bytes were taken: all, or as many as were before the first page that was refused. Throws
    /// when that is the first.
    public func write(
        _ bytes: RawSpan, to area: Area, at offset: UInt64, by worker: StoreWorker
    ) throws(StoreError) -> Int {
        let byteCount = UInt64(bytes.byteCount)
        guard offset <= Limits.areaByteCountMax, byteCount <= Limits.areaByteCountMax - offset
        else { throw .tooLarge }
        guard byteCount > 0 else { return 0 }
        begin(worker)
        defer { end(worker) }
        var taken = 0
        do {
            for span in PageSpans(offset: offset, byteCount: byteCount) {
                let part = bytes.extracting(taken..<taken + span.range.count)
                if span.isWhole {
                    try store(part, at: span.page, of: area, by: worker)
                } else {
                    try patch(span, of: area, .limited, worker) { $0.replace(from: $1, with: part) }
                }
                taken += span.range.count
            }
        } catch {
            count(.failedWrites, by: worker)
            if taken == 0 { throw error }
        }
        area.note(
            .writes, PageSpans.count(offset: offset, byteCount: UInt64(taken)),
            worker: worker.number)
        area.extend(to: offset + UInt64(taken))
        area.record.modified = WallClock.nanoseconds()
        return taken
    }

    /// Makes a range read as zeros and frees what it held; parts of pages are cleared. The size
    /// stays. Whole leaves of 2 MiB go in one pass each.
    public func discard(
        _ area: Area, at offset: UInt64, byteCount: UInt64, by worker: StoreWorker
    ) throws(StoreError) {
        guard offset < Limits.areaByteCountMax else { return }
        guard byteCount > 0 else { return }
        let end = offset + min(byteCount, Limits.areaByteCountMax - offset)
        begin(worker)
        defer { self.end(worker) }
        let firstWhole = (offset + UInt64(Page.byteCount) - 1) >> UInt64(Page.shift)
        let endWhole = end >> UInt64(Page.shift)
        if firstWhole > endWhole {
            try clear(from: offset, to: end, of: area, worker)
        } else {
            // Whole pages first: what they free is there for the parts, should memory be short.
            discardPages(PageNumber(firstWhole), PageNumber(endWhole), of: area, worker)
            try clear(from: offset, to: firstWhole << UInt64(Page.shift), of: area, worker)
            try clear(from: endWhole << UInt64(Page.shift), to: end, of: area, worker)
        }
        area.record.modified = WallClock.nanoseconds()
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
            let page = UInt64(Page.byteCount)
            let rest = (page - size % page) % page
            try discard(area, at: size, byteCount: rest, by: worker)
            try discard(
                area, at: size + rest, byteCount: Limits.areaByteCountMax - size - rest, by: worker)
        }
        arena.storeWord(size, at: area.record.sizeOffset)
        let now = WallClock.nanoseconds()
        area.record.modified = now
        area.record.changed = now
    }

    /// Clears a part of one page; nothing when the range is empty or the page a hole.
    private func clear(
        from start: UInt64, to end: UInt64, of area: Area, _ worker: StoreWorker
    ) throws(StoreError) {
        for span in PageSpans(offset: start, byteCount: end - start) {
            try patch(span, of: area, .always, worker) { page, _ in page.clear(span.range) }
        }
    }

    /// Reads a page, changes a part of it and stores it, all or nothing: if somebody replaced the
    /// page meanwhile, again from the start. A hole is left alone where the change would only clear
    /// it.
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
            let entry = try makeEntry(patch.bytes, span.page, area, admission, worker)
            if try publish(entry, replacing: old, span.page, area, worker) { return }
        }
    }
}
