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
        let allowed = takeable(bytes, at: offset, areas[index].model, tunables)
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
        try check(taken, refusal, allowed, of: count, at: offset, isFull)
        try checkLimit(areas[index], heldBefore, isFull)
        areas[index].model.write(
            bytes.prefix(taken), at: offset, keepsWords: tunables.keepsSameFilledPages)
        areas[index].traffic.writtenPageCount += Self.pageCount(at: offset, count: taken)
        try checkSize(index, "write of \(count) at \(offset), size before \(size)")
        note(taken == count ? "write" : "write refused")
        try compare(index, at: offset, count: count)
    }

    /// How many bytes the tunables let in: up to the first page that they refuse for sure.
    private func takeable(
        _ bytes: [UInt8], at offset: Int, _ model: AreaModel, _ tunables: Tunables
    ) -> Int {
        guard tunables.isEnabled else { return 0 }
        guard !tunables.takesOtherPages else { return bytes.count }
        guard tunables.keepsSameFilledPages else { return 0 }
        for page in offset / Page.byteCount...(offset + bytes.count - 1) / Page.byteCount
        where !model.isSameFilled(page: page, afterWriting: bytes[...], at: offset) {
            return max(page * Page.byteCount - offset, 0)
        }
        return bytes.count
    }

    private func check(
        _ taken: Int, _ refusal: StoreError?, _ allowed: Int, of count: Int, at offset: Int,
        _ isFull: Bool
    ) throws {
        let what = "\(count) bytes at \(offset): \(taken) taken, \(refusal as Any)"
        guard taken == allowed || taken < allowed && isFull else {
            throw different("\(what), but \(allowed) could be taken")
        }
        guard taken == count || taken == 0 || (offset + taken) % Page.byteCount == 0 else {
            throw different("\(what): a page was torn")
        }
        var expected: StoreError?
        if taken == 0 {
            let byTunables: StoreError = store.tunables.isEnabled ? .sameFilledOnly : .disabled
            expected = allowed > 0 ? .poolFull : byTunables
        }
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
        try store.discard(
            areas[index].area, at: UInt64(offset), byteCount: UInt64(count), by: fixture.worker)
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
        try store.truncate(areas[index].area, to: UInt64(newSize), by: fixture.worker)
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

    /// How many pages a range touches, by listing them.
    private static func pageCount(at offset: Int, count: Int) -> Int {
        count > 0 ? (offset / Page.byteCount...(offset + count - 1) / Page.byteCount).count : 0
    }

    mutating func compare(_ index: Int, at offset: Int, count: Int) throws {
        let bytes = try fixture.read(areas[index].area, at: UInt64(offset), count: count)
        let expected = areas[index].model.read(at: offset, count: count)
        areas[index].traffic.readPageCount += Self.pageCount(at: offset, count: expected.count)
        guard !expected.hasBytes(of: bytes) else { return }
        let place = zip(bytes, expected).enumerated().first { $1.0 != $1.1 }?.offset
        throw different(
            "\(bytes.count) bytes at \(offset) instead of \(expected.count), the first wrong one"
                + " at \(place.map { "\(offset + $0)" } ?? "the end")")
    }

    private func checkSize(_ index: Int, _ what: String) throws {
        let size = areas[index].area.size
        guard size == UInt64(areas[index].model.size) else {
            throw different("\(what): size \(size) instead of \(areas[index].model.size)")
        }
    }
}
