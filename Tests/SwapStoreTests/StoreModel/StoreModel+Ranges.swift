import TestSupport
import ZswapCore

@testable import SwapStore

/// The steps on bytes, and their comparison.
extension StoreModel {
    mutating func write(aligned: Bool) throws {
        let index = pick()
        var offset = below(Self.sizeMax - 40_000)
        var count = 1 + below(9000)
        if aligned {
            offset = offset / Page.byteCount * Page.byteCount
            count = (1 + below(8)) * Page.byteCount
        }
        // Most writes stay near the start, so that pages are written again and again.
        if random.next() % 4 != 0 { offset %= 200 * Page.byteCount }
        let bytes = content(count)
        let size = areas[index].model.size
        let heldBefore = areas[index].area.storedByteCount
        let tunables = store.tunables
        let (allowed, obstacle) = takeable(bytes, at: offset, areas[index], tunables)
        var taken = 0
        var refusal: StoreError?
        do throws(StoreError) {
            taken = try fixture.write(bytes, to: areas[index].area, at: UInt64(offset))
        } catch {
            refusal = error
        }
        var isFull = false
        if taken < allowed {
            let rejects = store.statistics.rejectReclaimFail
            isFull = rejects > rejectsSeen
            rejectsSeen = rejects
            if isFull { areas[index].traffic.refusedPageCount += 1 }
        }
        try check(taken, refusal, allowed, obstacle, of: count, at: offset, isFull)
        try checkLimit(areas[index], heldBefore, isFull)
        areas[index].model.write(
            bytes.prefix(taken), at: offset, keepsWords: tunables.keepsSameFilledPages)
        areas[index].traffic.writtenPageCount += Self.pages(at: offset, count: taken).count
        try checkSize(index, "write of \(count) at \(offset), size before \(size)")
        note(taken == count ? "write" : "write refused")
        try compare(index, at: offset, count: count)
    }

    /// Number of bytes that are taken but for limits: up to the first page that lies on a lost
    /// device and of which a part stays, or that the tunables refuse; and the reason.
    private func takeable(
        _ bytes: [UInt8], at offset: Int, _ entry: ModelArea, _ tunables: Tunables
    ) -> (byteCount: Int, obstacle: StoreError?) {
        let passes = store.mayPass(entry.area)
        let end = offset + bytes.count
        for page in offset / Page.byteCount...(end - 1) / Page.byteCount {
            let start = page * Page.byteCount
            let before = max(start - offset, 0)
            if offset > start || end < start + Page.byteCount, isLost(page: page, of: entry.area) {
                return (before, .backingFailed)
            }
            if passes || tunables.isEnabled && tunables.takesOtherPages { continue }
            guard tunables.isEnabled else { return (before, .disabled) }
            if tunables.keepsSameFilledPages,
                entry.model.isSameFilled(page: page, afterWriting: bytes[...], at: offset)
            {
                continue
            }
            return (before, .sameFilledOnly)
        }
        return (bytes.count, nil)
    }

    private func check(
        _ taken: Int, _ refusal: StoreError?, _ allowed: Int, _ obstacle: StoreError?,
        of count: Int, at offset: Int, _ isFull: Bool
    ) throws {
        let what = "\(count) bytes at \(offset): \(taken) taken, \(refusal as Any)"
        guard taken == allowed || taken < allowed && isFull else {
            throw different("\(what), but \(allowed) could be taken")
        }
        guard taken == count || taken == 0 || (offset + taken) % Page.byteCount == 0 else {
            throw different("\(what): a page was torn")
        }
        let expected = taken > 0 ? nil : allowed > 0 ? .poolFull : obstacle
        guard refusal == expected else { throw different("\(what), not \(expected as Any)") }
    }

    /// A write begins below the area's limit, so it ends less than a page beyond it; and what was
    /// refused found the area, or the pools, full.
    private mutating func checkLimit(
        _ entry: ModelArea, _ heldBefore: Int, _ isFull: Bool
    ) throws {
        let held = entry.area.storedByteCount
        let limit = entry.settings.byteCountMax.map { Int($0) }
        if let limit, held > heldBefore, held >= limit + Page.byteCount {
            throw different("\(held) bytes, \(heldBefore) before, with a limit of \(limit)")
        }
        guard isFull, !store.standsAtLimit else { return }
        guard let limit, held >= limit else {
            throw different("refused with \(held) bytes below a limit of \(limit as Any)")
        }
        note("area full")
    }

    mutating func read() throws {
        let index = pick()
        let size = areas[index].model.size
        note("read")
        try compare(index, at: below(size + 10_000), count: below(30_000))
    }

    mutating func seek() throws {
        let index = pick()
        let model = areas[index].model
        let offset = below(model.size + 5000)
        let area = areas[index].area
        let data = try? store.nextData(in: area, from: UInt64(offset), by: fixture.worker)
        let hole = try? store.nextHole(in: area, from: UInt64(offset), by: fixture.worker)
        guard data.map({ Int($0) }) == model.nextData(from: offset),
            hole.map({ Int($0) }) == model.nextHole(from: offset)
        else { throw different("from \(offset): data at \(data as Any), hole at \(hole as Any)") }
        note("seek")
    }

    mutating func punch(countMax: Int) throws {
        let index = pick()
        var offset = below(areas[index].model.size + 5000)
        var count = below(countMax)
        if random.next() % 3 == 0 {
            offset = offset / Page.byteCount * Page.byteCount
            count = count / Page.byteCount * Page.byteCount
        }
        let (area, worker, store) = (areas[index].area, fixture.worker, self.store)
        try discard(index, at: offset, count: count) { () throws(StoreError) in
            try store.discard(area, at: UInt64(offset), byteCount: UInt64(count), by: worker)
        }
        let before = areas[index].model.storedPageCount
        areas[index].model.punch(
            at: offset, count: count, keepsWords: store.tunables.keepsSameFilledPages)
        noteDiscards(index, before)
        note(count > 2 << 20 ? "punch leaf" : "punch")
        try checkSize(index, "punch of \(count) at \(offset)")
        try compare(index, at: max(offset - 5000, 0), count: min(count + 10_000, 40_000))
    }

    mutating func truncate() throws {
        let index = pick()
        let isNear = random.next() % 2 == 0
        let size = isNear ? areas[index].model.size + below(20_000) - 10_000 : below(Self.sizeMax)
        let newSize = min(max(size, 0), Self.sizeMax)
        let (area, worker, store) = (areas[index].area, fixture.worker, self.store)
        // The last page goes as a whole, so nothing of it has to be read.
        let end = (areas[index].model.size + Page.byteCount - 1) / Page.byteCount * Page.byteCount
        let count = newSize < areas[index].model.size ? end - newSize : 0
        try discard(index, at: newSize, count: count) { () throws(StoreError) in
            try store.truncate(area, to: UInt64(newSize), by: worker)
        }
        let before = areas[index].model.storedPageCount
        areas[index].model.truncate(
            to: newSize, keepsWords: store.tunables.keepsSameFilledPages)
        noteDiscards(index, before)
        note("truncate")
        try checkSize(index, "truncate to \(newSize)")
        try compare(index, at: max(newSize - 10_000, 0), count: 20_000)
    }

    /// Each page a content of its own kind, so that one write meets all ways of keeping pages.
    private mutating func content(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let kinds = PageContent.allCases
            let kind = kinds[below(kinds.count)]
            bytes += kind.bytes(min(Page.byteCount, count - bytes.count), &random)
        }
        return bytes
    }

    private mutating func noteDiscards(_ index: Int, _ storedBefore: Int) {
        areas[index].traffic.discardedPageCount +=
            storedBefore - areas[index].model.storedPageCount
    }

    /// The pages that a range touches.
    private static func pages(at offset: Int, count: Int) -> Range<Int> {
        let start = offset / Page.byteCount
        return start..<(count > 0 ? (offset + count - 1) / Page.byteCount + 1 : start)
    }

    mutating func compare(_ index: Int, at offset: Int, count: Int) throws {
        let area = areas[index].area
        let expected = areas[index].model.read(at: offset, count: count)
        let isStopped = Self.pages(at: offset, count: expected.count)
            .contains { isLost(page: $0, of: area) }
        let bytes: [UInt8]
        do throws(StoreError) {
            bytes = try fixture.read(area, at: UInt64(offset), count: count)
        } catch {
            guard isStopped, error == .backingFailed else {
                throw different("read of \(count) at \(offset): \(error)")
            }
            failedReadCount += 1
            return note("read failed")
        }
        if isStopped { throw different("nothing of \(count) at \(offset) was lost") }
        areas[index].traffic.readPageCount += Self.pages(at: offset, count: expected.count).count
        guard let difference = expected.difference(of: bytes, at: offset) else { return }
        throw different(difference)
    }

    private func checkSize(_ index: Int, _ what: String) throws {
        let size = areas[index].area.size
        guard size == UInt64(areas[index].model.size) else {
            throw different("\(what): size \(size) instead of \(areas[index].model.size)")
        }
    }
}
