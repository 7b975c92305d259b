import Compressors
import TestSupport
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// A difference between store and model: the step, and how to see it again.
struct ModelDifference: Error, CustomStringConvertible {
    let description: String
}

/// Random steps on a store and on a naive model of it, one after the other, compared after each.
///
/// Law: the same seed gives the same steps. Areas are open from their making to their closing, so
/// an unlinked one goes on being used. Sizes stay below two and a half leaves of the page table.
struct StoreModel {
    struct ModelArea {
        var area: Area
        /// The number by which the kernel would know it.
        let handle: UInt64
        /// Nil: unlinked and open.
        var name: ByteText?
        var model = AreaModel()
        /// The expected counters of operations on it.
        var traffic = AreaTraffic()
        /// The area's overrides; they stay when its name goes.
        var settings = AreaSettings()
    }

    static let sizeMax = 5 << 20
    private static let areasMax = 5
    /// The last two are equal when compared by characters.
    static let names: [ByteText] = ["a", "swap", "caf\u{e9}", "cafe\u{301}"]

    let seed: UInt64
    var fixture: TestStore
    var random: SplitMix64
    var areas: [ModelArea] = []
    var step = 0
    /// Number of times that each step was taken, and that a write was refused: a run that never
    /// does is no test.
    var counts: [String: Int] = [:]
    /// Pages refused at the limit so far: only writes are.
    var rejectsSeen = 0
    /// Requests that did not get what they were to read.
    var failedReadCount = 0
    let devices = ModelDevices()
    /// The devices that are gone.
    var lostPaths: Set<String> = []
    var work: WriteBackWork
    var sweep = MigrationSweep()
    var scrubWalk = ScrubWalk()
    var tierSweep = TierSweep()
    private var lastHandle: UInt64 = 0

    init(zpool: String, seed: UInt64) throws {
        self.seed = seed
        random = SplitMix64(seed: seed)
        fixture = try TestStore(
            zpool: zpool, totalByteCount: 128 << 20, compressors: .withTestCompressors(),
            openBacking: devices.opening)
        work = try fixture.makeWriteBackWork()
        try makeArea()
    }

    var store: SwapStore { fixture.store }
    var maintenance: Maintenance { fixture.maintenance }

    /// Takes steps, and looks at everything now and then and at the end.
    mutating func run(stepCount: Int) throws {
        for number in 1...stepCount {
            step = number
            try takeStep()
            if number % 1000 == 0 {
                try recoverBacking()
                try checkEverything()
            }
        }
        try recoverBacking()
        try checkEverything()
    }

    private mutating func takeStep() throws {
        switch random.next() % 1000 {
        case 0..<280: try write(aligned: false)
        case 280..<430: try write(aligned: true)
        case 430..<650: try read()
        case 650..<660: try recompress()
        case 660..<700: try useBacking()
        case 700..<780: try seek()
        case 780..<850: try punch(countMax: 20_000)
        case 850..<860: try punch(countMax: Self.sizeMax)
        case 860..<890: try truncate()
        case 890..<910: try rename()
        case 910..<920: try unlink()
        case 920..<930: try closeUnlinked()
        case 930..<945: try makeArea()
        case 945..<953: try switchZpool()
        case 953..<956: try switchChain()
        case 956..<960: try switchCompressor()
        case 960..<968: compact()
        case 968..<977: changeTunables()
        case 977..<985: try changeSettings()
        case 985..<993: migrate()
        case 993..<997: scrub()
        case 997: try takeOver()
        default:
            note("giveBack")
            store.giveBack()
        }
    }

    mutating func note(_ what: String) { counts[what, default: 0] += 1 }

    func different(_ what: String) -> ModelDifference {
        ModelDifference(description: "seed \(seed), step \(step): \(what)")
    }

    mutating func pick() -> Int { Int(random.next() % UInt64(areas.count)) }
    mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    private mutating func makeArea() throws {
        guard areas.count < Self.areasMax else { return }
        let name = Self.names[below(Self.names.count)]
        let isTaken = areas.contains { $0.name == name }
        do {
            let area = try store.createArea(name: name, mode: 0o644, userID: 1, groupID: 2)
            guard !isTaken else { throw different("two areas are called \(name)") }
            lastHandle += 1
            // Said twice by a request that is repeated, it counts once.
            for _ in 0...below(2) { try store.open(area, handle: lastHandle) }
            areas.append(ModelArea(area: area, handle: lastHandle, name: name))
            note("create")
        } catch StoreError.alreadyExists where isTaken {
            note("create refused")
        }
    }

    private mutating func unlink() throws {
        let index = pick()
        guard let name = areas[index].name else { return }
        try store.unlinkArea(name: name, by: fixture.worker)
        areas[index].name = nil
        note("unlink")
    }

    private mutating func closeUnlinked() throws {
        guard let index = areas.firstIndex(where: { $0.name == nil }) else { return }
        for _ in 0...below(2) { store.close(handle: areas[index].handle, by: fixture.worker) }
        areas.remove(at: index)
        note("close")
        if areas.isEmpty { try makeArea() }
    }

    private mutating func rename() throws {
        let index = pick()
        guard let old = areas[index].name else { return }
        let new = Self.names[below(Self.names.count)]
        let target = areas.firstIndex { $0.name == new && old != new }
        let replaces = below(2) == 0
        do {
            try store.renameArea(from: old, to: new, replaces: replaces, by: fixture.worker)
            if let target {
                guard replaces else { throw different("\(new) was replaced unasked") }
                areas[target].name = nil
            }
            areas[index].name = new
            note("rename")
        } catch StoreError.alreadyExists {
            guard target != nil && !replaces else { throw different("\(new) is not taken") }
            note("rename refused")
        }
    }

    private mutating func switchZpool() throws {
        try store.setZpool(Zpools.next(after: store.zpoolType))
        note("switch")
    }

    private mutating func switchChain() throws {
        try store.setChainLength([4, 8, 16][below(3)])
        note("switch chain")
    }

    private mutating func switchCompressor() throws {
        let compressors = store.availableCompressors
        try store.setCompressor(compressors[below(compressors.count)])
        note("switch compressor")
        for _ in 0...below(3) where store.setAnyLevel(&random) { note("level") }
    }

    /// A part of a migration, mostly; the next `migrate` goes on with it.
    private mutating func migrate() {
        maintenance.setMigration([.background, .background, .now, .off][below(4)])
        let step = fixture.migrate(&sweep, stepCountMax: 1 + below(40))
        note("migrate: \(step)")
    }

    /// A part of a pass, mostly; the next `scrub` goes on with it.
    private mutating func scrub() {
        let pagesPerSecond = [0, 10, 1000, 1000][below(4)]
        store.update { $0.scrubPagesPerSecond = pagesPerSecond }
        for _ in 0..<below(100) {
            if maintenance.scrub.step(&scrubWalk, by: fixture.worker) == .endOfPass {
                note("scrub pass")
            }
        }
    }

    /// Moves everything that is to be moved, so that one pool is left.
    mutating func finishMigration() throws {
        try recoverBacking()
        store.update {
            $0 = Tunables()
            $0.maxPoolPercent = 100
        }
        store.giveBack()
        try store.setColdZpool(nil)
        // What only passes through stays in its pool until it is written back.
        if store.backingPath == nil { try store.setBacking(path: devices.all[0].path) }
        for _ in 0..<100 where work.turn({ true }) >= 1_000_000_000 { break }
        guard fixture.migrateNow() == .idle else {
            throw different("the migration does not end: \(maintenance.migrationReport)")
        }
        fixture.releaseDrained()
        guard store.pools.count == 1, maintenance.migrationReport.pagesLeft == 0 else {
            throw different("\(store.pools.map(\.type)) are left")
        }
        try checkEverything()
    }

    private mutating func compact() {
        note(maintenance.compactOnRequest() > 0 ? "compact" : "compact nothing")
    }
}
