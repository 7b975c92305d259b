import TestSupport
import ZswapCore

@testable import SwapStore

/// The steps on bytes, and their comparison.
///
/// The states during a step decide whether it may be refused; the part that was taken decides the
/// contents of the area afterwards.
extension ModelHand {
    /// Most attempts of a discard that the backing store obstructs.
    private static let tryCountMax = 100

    func write() throws {
        let index = pick()
        var offset = below(Self.sizeMax - 40_000)
        var count = 1 + below(9000)
        if below(3) == 0 {
            offset = offset / Page.byteCount * Page.byteCount
            count = (1 + below(8)) * Page.byteCount
        }
        // Most writes stay near the start, so that pages are written again and again.
        if below(4) > 0 { offset %= 200 * Page.byteCount }
        let bytes = content(count)
        let area = areas[index].area
        let moment = stage.now
        var taken = 0
        var refusal: StoreError?
        do throws(StoreError) {
            taken = try stage.fixture.write(bytes, to: area, at: UInt64(offset), by: worker)
        } catch {
            refusal = error
        }
        let meanwhile = stage.since(moment)
        let refused = Int(area.record.refusedPageCount) - areas[index].traffic.refusedPageCount
        let what = "\(count) bytes at \(offset): \(taken) taken, \(refusal as Any)"
        guard taken == 0 || taken == count || (offset + taken) % Page.byteCount == 0,
            (refusal != nil) == (taken == 0), refused == 0 || refused == 1 && taken < count
        else { throw different("\(what), \(refused) refused") }
        if taken < count {
            let reasons = reasons(bytes, offset, taken, areas[index].model, refused > 0, meanwhile)
            guard refusal.map({ reasons.contains($0) }) ?? !reasons.isEmpty else {
                throw different("\(what), refused \(refused), allowed: \(reasons), \(meanwhile)")
            }
            failedWriteCount += 1
            note("write refused")
            refusal.map { note("\($0)") }
        }
        refusedPageCount += refused
        areas[index].traffic.refusedPageCount += refused
        areas[index].traffic.writtenPageCount += Self.pages(at: offset, count: taken).count
        areas[index].model.write(
            bytes.prefix(taken), at: offset, keepsWords: meanwhile.keepsWords ?? true)
        noteWords(Self.pages(at: offset, count: taken), index, meanwhile)
        noteTouches(Self.pages(at: offset, count: taken), index)
        try checkSize(index, what)
        try compare(index, at: offset, count: count)
    }

    /// The reasons for which the page behind `taken` bytes may have been refused.
    private func reasons(
        _ bytes: [UInt8], _ offset: Int, _ taken: Int, _ model: AreaModel, _ isCounted: Bool,
        _ meanwhile: ModelStage.Meanwhile
    ) -> [StoreError] {
        let start = offset + taken
        let page = start / Page.byteCount
        let isWord =
            meanwhile.keepsWords == true
            && model.isSameFilled(page: page, afterWriting: bytes[...], at: offset)
        guard !isCounted else { return isWord ? [.outOfMemory] : [.poolFull, .outOfMemory] }
        var reasons: [StoreError] = []
        if meanwhile.tunables.contains(where: { !$0.isEnabled }) { reasons.append(.disabled) }
        if !isWord, meanwhile.tunables.contains(where: { $0.isEnabled && !$0.takesOtherPages }) {
            reasons.append(.sameFilledOnly)
        }
        let isPart = start % Page.byteCount > 0 || bytes.count - taken < Page.byteCount
        if isPart, meanwhile.hadTrouble, model.isStored(page) { reasons.append(.backingFailed) }
        return reasons
    }

    func read() throws {
        let index = pick()
        note("read")
        try compare(index, at: below(areas[index].model.size + 10_000), count: below(30_000))
    }

    func seek() throws {
        let index = pick()
        let model = areas[index].model
        let offset = below(model.size + 5000)
        let area = areas[index].area
        let data = try? store.nextData(in: area, from: UInt64(offset), by: worker)
        let hole = try? store.nextHole(in: area, from: UInt64(offset), by: worker)
        guard data.map({ Int($0) }) == model.nextData(from: offset),
            hole.map({ Int($0) }) == model.nextHole(from: offset)
        else { throw different("from \(offset): data at \(data as Any), hole at \(hole as Any)") }
        note("seek")
    }

    func punch(countMax: Int) throws {
        let index = pick()
        var offset = below(areas[index].model.size + 5000)
        var count = below(countMax)
        if below(3) == 0 {
            offset = offset / Page.byteCount * Page.byteCount
            count = count / Page.byteCount * Page.byteCount
        }
        let area = areas[index].area
        try discard(index, at: offset, count: count) { () throws(StoreError) in
            try store.discard(area, at: UInt64(offset), byteCount: UInt64(count), by: worker)
        } model: {
            $0.punch(at: offset, count: count, keepsWords: $1)
        }
        note(count > 2 << 20 ? "punch leaf" : "punch")
        try checkSize(index, "punch of \(count) at \(offset)")
        try compare(index, at: max(offset - 5000, 0), count: min(count + 10_000, 40_000))
    }

    func truncate() throws {
        let index = pick()
        let size = areas[index].model.size
        let wanted = below(2) == 0 ? size + below(20_000) - 10_000 : below(Self.sizeMax)
        let newSize = min(max(wanted, 0), Self.sizeMax)
        let area = areas[index].area
        let count = newSize < size ? Self.sizeMax - newSize : 0
        try discard(index, at: newSize, count: count) { () throws(StoreError) in
            try store.truncate(area, to: UInt64(newSize), by: worker)
        } model: {
            $0.truncate(to: newSize, keepsWords: $1)
        }
        note("truncate")
        try checkSize(index, "truncate to \(newSize)")
        try compare(index, at: max(newSize - 10_000, 0), count: 20_000)
    }

    /// Empties pages and clears parts of some. If a part lies on a device that fails, the device is
    /// mended and all is done again.
    private func discard(
        _ index: Int, at offset: Int, count: Int, _ body: () throws(StoreError) -> Void,
        model change: (inout AreaModel, Bool) -> Void
    ) throws {
        let begin = stage.now
        for tryCount in 1... {
            let moment = stage.now
            do throws(StoreError) {
                try body()
                break
            } catch {
                guard error == .backingFailed || error == .outOfMemory && stage.isSimulated,
                    stage.since(moment).hadTrouble,
                    tryCount < Self.tryCountMax
                else { throw different("discard of \(count) at \(offset): \(error)") }
                note("discard failed")
                try stage.recover()
            }
        }
        let meanwhile = stage.since(begin)
        let before = areas[index].model.storedPageCount
        change(&areas[index].model, meanwhile.keepsWords ?? true)
        let discarded = before - areas[index].model.storedPageCount
        areas[index].traffic.discardedPageCount += discarded
        discardedPageCount += discarded
        let pages = Self.pages(at: offset, count: count)
        noteTouches(pages.prefix(1), index)
        noteTouches(pages.suffix(1), index)
        if offset % Page.byteCount > 0 { noteWords(pages.prefix(1), index, meanwhile) }
        if (offset + count) % Page.byteCount > 0 { noteWords(pages.suffix(1), index, meanwhile) }
    }

    /// These pages were used, not later than now.
    private func noteTouches(_ pages: some Sequence<Int>, _ index: Int) {
        for page in pages { areas[index].touches[page] = store.seconds }
    }

    /// These pages were stored: is it known which of them are kept as words?
    private func noteWords(
        _ pages: some Sequence<Int>, _ index: Int, _ meanwhile: ModelStage.Meanwhile
    ) {
        if meanwhile.keepsWords == nil {
            areas[index].unsurePages.formUnion(pages)
        } else {
            areas[index].unsurePages.subtract(pages)
        }
    }

    /// Each page a content of its own kind, so that one write meets all ways of keeping pages.
    private func content(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let kind = any(PageContent.allCases)
            bytes += kind.bytes(min(Page.byteCount, count - bytes.count), &random)
        }
        return bytes
    }

    /// The pages that a range touches.
    private static func pages(at offset: Int, count: Int) -> Range<Int> {
        let start = offset / Page.byteCount
        return start..<(count > 0 ? (offset + count - 1) / Page.byteCount + 1 : start)
    }

    /// Reads and compares. No answer is right only where a device failed, and only for pages that
    /// are stored.
    func compare(_ index: Int, at offset: Int, count: Int) throws {
        let (area, model) = (areas[index].area, areas[index].model)
        let expected = model.read(at: offset, count: count)
        let pages = Self.pages(at: offset, count: expected.count)
        let moment = stage.now
        let bytes: [UInt8]
        do throws(StoreError) {
            bytes = try stage.fixture.read(area, at: UInt64(offset), count: count, by: worker)
        } catch {
            guard error == .backingFailed, stage.since(moment).hadTrouble,
                pages.contains(where: { model.isStored($0) })
            else { throw different("read of \(count) at \(offset): \(error)") }
            failedReadCount += 1
            return note("read failed")
        }
        noteTouches(pages, index)
        areas[index].traffic.readPageCount += pages.count
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

extension AreaModel {
    /// Whether the page is no hole.
    fileprivate func isStored(_ page: Int) -> Bool { page < pages.count && pages[page] != .hole }
}
