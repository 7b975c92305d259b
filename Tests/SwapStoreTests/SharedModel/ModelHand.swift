import Maintenance
import SwapStore
import TestSupport
import ZswapCore

/// One of two threads of a model: its areas, what they should hold, and random steps on these and
/// on the whole store.
///
/// Law: the areas are this hand's alone, so their contents are known exactly, whatever the other
/// hand and the background threads do meanwhile. The same seed gives the same steps, though not at
/// the same moments.
final class ModelHand: @unchecked Sendable {  // one thread's in a round, the test's between rounds
    struct HandArea {
        let area: Area
        /// Nil: unlinked and open.
        var name: ByteText?
        var model = AreaModel()
        /// The expected counters of operations on it.
        var traffic = AreaTraffic()
        /// The area's overrides; they stay when its name goes.
        var settings = AreaSettings()
        /// Same-filled pages that may be kept in another way: that was changed meanwhile.
        var unsurePages: Set<Int> = []
        /// When each page was used last, at the latest, in the store's seconds.
        var touches: [Int: UInt64] = [:]
    }

    /// A leaf of the page table and a half.
    static let sizeMax = 3 << 20
    private static let areasMax = 3

    let number: Int
    let stage: ModelStage
    let worker: StoreWorker
    var random: SplitMix64
    var areas: [HandArea] = []
    /// Number of times that each step was taken, and that a rare outcome came of it.
    private(set) var counts: [String: Int] = [:]
    private(set) var step = 0
    private(set) var fault: String?
    /// A step is under way: the areas may have some of its changes.
    private(set) var isInStep = false
    /// A check that has to hold once the step under way has ended.
    var afterStep: (() throws -> Void)?
    /// The expected counters of the store, with those of areas that are gone.
    var failedReadCount = 0
    var failedWriteCount = 0
    var refusedPageCount = 0
    var discardedPageCount = 0

    init(_ stage: ModelStage, number: Int, seed: UInt64) throws {
        self.stage = stage
        self.number = number
        random = SplitMix64(seed: seed << 8 | UInt64(number))
        guard let worker = stage.store.makeWorker() else { throw TestStoreError.noWorker }
        self.worker = worker
        try makeArea()
    }

    deinit { stage.store.removeWorker(worker) }

    var store: SwapStore { stage.store }
    var maintenance: Maintenance { stage.maintenance }

    func run(stepCount: Int) {
        for _ in 0..<stepCount where fault == nil {
            step += 1
            isInStep = true
            do {
                try takeStep()
                isInStep = false
                let check = afterStep
                afterStep = nil
                try check?()
            } catch {
                note(fault: "step \(step): \(error)")
            }
            stage.noteStep()
        }
    }

    private func takeStep() throws {
        switch random.next() % 1000 {
        case 0..<400: try write()
        case 400..<690: try read()
        case 690..<730: try seek()
        case 730..<800: try punch(countMax: 20_000)
        case 800..<810: try punch(countMax: Self.sizeMax)
        case 810..<830: try truncate()
        case 830..<845: try rename()
        case 845..<855: try unlink()
        case 855..<868: closeUnlinked()
        case 868..<885: try makeArea()
        default: try disturb()
        }
    }

    func note(fault what: String) { fault = "hand \(number), \(what)" }
    func note(_ what: String) { counts[what, default: 0] += 1 }
    func different(_ what: String) -> ModelDifference { ModelDifference(description: what) }
    func pick() -> Int { below(areas.count) }
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    func any<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    private func anyName() -> ByteText { "\(number)-\(any(["swap", "caf\u{e9}", "cafe\u{301}"]))" }

    func makeArea() throws {
        guard areas.count < Self.areasMax else { return }
        let name = anyName()
        let isTaken = areas.contains { $0.name == name }
        do throws(StoreError) {
            let area = try store.createArea(name: name, mode: 0o644, userID: 1, groupID: 2)
            store.open(area)
            areas.append(HandArea(area: area, name: name))
            note("create")
        } catch {
            if error == .outOfMemory, stage.isSimulated { return note("create: no memory") }
            guard error == .alreadyExists, isTaken else { throw error }
            return
        }
        if isTaken { throw different("two areas are called \(name)") }
    }

    private func unlink() throws {
        guard areas.count > 1 || !stage.isSimulated else { return }
        let index = pick()
        guard let name = areas[index].name else { return }
        try store.unlinkArea(name: name, by: worker)
        areas[index].name = nil
        note("unlink")
    }

    private func closeUnlinked() {
        guard areas.count > 1, let index = areas.firstIndex(where: { $0.name == nil }) else {
            return
        }
        close(index)
        note("close")
    }

    private func close(_ index: Int) {
        discardedPageCount += areas[index].model.storedPageCount
        store.close(areas[index].area, by: worker)
        areas.remove(at: index)
    }

    private func rename() throws {
        let index = pick()
        guard let old = areas[index].name else { return }
        let new = anyName()
        let target = areas.firstIndex { $0.name == new && old != new }
        let replaces = below(2) == 0
        do throws(StoreError) {
            try store.renameArea(from: old, to: new, replaces: replaces, by: worker)
        } catch {
            guard error == .alreadyExists, target != nil, !replaces else { throw error }
            return
        }
        if let target {
            guard replaces else { throw different("\(new) was replaced unasked") }
            areas[target].name = nil
        }
        areas[index].name = new
        note("rename")
    }

    /// Removes all its areas.
    func removeAll() throws {
        while let entry = areas.last {
            if let name = entry.name { try store.unlinkArea(name: name, by: worker) }
            close(areas.count - 1)
        }
    }
}
