import Arena
import Synchronization
public import ZPool
public import ZswapCore

/// Random steps on a pool against the simplest thing that can be right: a dictionary from page to
/// what is in it. After each step both must agree; from time to time everything is compared.
///
///     store | discard | verify | compact | shrink | refuse memory | reopen | check      weighted
///
/// Law: the same driver, chain length and seed make the same steps on every machine.
public struct PoolModel {
    private static let pageCount = 600

    private let rig: PoolRig
    private let refusal: RefusalSwitch
    private let seed: UInt64
    private var random: SplitMix64
    private var step = 0
    private var ledger: PoolLedger

    /// Runs `stepCount` steps; throws where driver and model differ.
    public static func run(
        _ driver: any PoolDriver, chainLength: Int = Limits.chainLengthDefault, seed: UInt64,
        stepCount: Int
    ) throws {
        var model = try PoolModel(driver, chainLength: chainLength, seed: seed)
        do {
            for _ in 0..<stepCount { try model.takeStep() }
            try model.compareAll()
        } catch {
            throw ContractViolation(
                "\(driver.type), chain \(chainLength), seed \(seed), step \(model.step): \(error)")
        }
    }

    private init(_ driver: any PoolDriver, chainLength: Int, seed: UInt64) throws {
        let refusal = RefusalSwitch()
        var configuration = PoolRig.smallArena
        configuration.capacityByteCount = 16 << 20
        configuration.refusesCommit = { _ in refusal.isOn }
        rig = try PoolRig(driver, chainLength: chainLength, arena: configuration)
        ledger = PoolLedger(rig)
        self.refusal = refusal
        self.seed = seed
        random = SplitMix64(seed: seed)
        // Some pages never move and are never evicted, as if their entries changed each time.
        rig.table.keepOnMove { $0.page.rawValue % 17 == 3 }
        rig.table.keepOnEvict { $0.page.rawValue % 19 == 5 }
    }

    private mutating func takeStep() throws {
        step += 1
        let page = Int.random(in: 0..<Self.pageCount, using: &random)
        switch Int.random(in: 0..<1000, using: &random) {
        case 0..<460: try store(page)
        case 460..<700: try ledger.discard(page)
        case 700..<960: try ledger.compare(page)
        case 960..<970: try ledger.compact()
        case 970..<980: try ledger.shrink(pageCount: Int.random(in: 1...5, using: &random))
        case 980..<984: try discardMany()
        case 984..<988: refusal.isOn.toggle()
        case 988..<990: rig.pool.keepLRU(Bool.random(using: &random))
        case 990..<998: rig.pool.checkInvariants()
        case 998: rig.arena.giveBack()
        default: if step % 8 == 0 { try reopen() }
        }
    }

    /// Mostly small and middling, sometimes at a border, sometimes as large as can be.
    private mutating func randomByteCount() -> Int {
        let largest = rig.pool.objectByteCountMax
        let byteCount: Int
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: byteCount = Int.random(in: 1...700, using: &random)
        case 4..<8: byteCount = Int.random(in: 1...largest, using: &random)
        case 8: byteCount = Int.random(in: rig.pool.hugeByteCount - 2...largest + 1, using: &random)
        default: byteCount = 64 * Int.random(in: 1...largest / 64, using: &random) + 1
        }
        return min(byteCount, largest)
    }

    private mutating func store(_ page: Int) throws {
        let byteCount = randomByteCount()
        let seed = random.next()
        let isTaken = try ledger.store(page, byteCount: byteCount, seed: seed)
        try require(isTaken || refusal.isOn, "no memory though nothing refuses it")
    }

    private mutating func discardMany() throws {
        for page in 0..<Self.pageCount where Int.random(in: 0..<4, using: &random) > 0 {
            try ledger.discard(page)
        }
    }

    private func compareAll() throws {
        try ledger.compareAll(pageCount: Self.pageCount)
        try requireEqual(
            rig.pool.totalByteCount, rig.arena.poolFrameCount * Page.byteCount, "frames")
        let usage = rig.pool.usage
        try requireEqual(usage.frameCount * Page.byteCount, rig.pool.totalByteCount, "usage")
        try require(usage.roomByteCount >= ledger.payloadByteCount, "less room than payload")
    }

    private mutating func reopen() throws {
        refusal.isOn = false
        try rig.reopen()
        try compareAll()
    }
}

/// Whether the kernel has memory, as told by a test.
final class RefusalSwitch: Sendable {
    private let state = Atomic<Bool>(false)
    var isOn: Bool {
        get { state.load(ordering: .relaxed) }
        set { state.store(newValue, ordering: .relaxed) }
    }
}
