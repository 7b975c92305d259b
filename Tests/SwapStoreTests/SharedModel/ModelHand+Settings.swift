import TestSupport
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The steps that change what the whole store does, while both hands work.
extension ModelHand {
    func disturb() throws {
        do {
            try disturbAnyhow()
        } catch {
            guard stage.isSimulated, Self.isWantOfMemory(error) else { throw error }
            note("setting: no memory")
        }
    }

    private static func isWantOfMemory(_ error: any Error) -> Bool {
        switch error {
        case SettingError.outOfMemory, SettingError.poolFailed, StoreError.outOfMemory: true
        default: false
        }
    }

    private func disturbAnyhow() throws {
        switch below(122) {
        case 0..<8: try step("switch") { try store.setZpool(Zpools.next(after: store.zpoolType)) }
        case 8..<11: try step("switch chain") { try store.setChainLength(any([4, 8, 16])) }
        case 11..<19:
            try step("switch compressor") {
                try store.setCompressor(any(store.availableCompressors))
            }
        case 19..<27: note(store.setAnyLevel(&random) ? "level" : "no level")
        case 27..<42: changeTunables()
        case 42..<52: try changeSettings()
        case 52..<58:
            step("migrate") {
                maintenance.setMigration(any([.background, .background, .now, .off]))
            }
        case 58..<63: step("compact") { maintenance.compactOnRequest() }
        case 63..<66: step("give back") { store.giveBack() }
        case 66..<69: step("releaseDrained") { store.releaseDrained() }
        case 69..<74:
            step("clock") {
                guard !stage.isSimulated else { return stage.letTimePass(partCount: 1 + below(4)) }
                store.clock.add(seconds: any([1, 60, 3600, 86_400, 400_000]))
            }
        case 74..<80: try step("choose backing") { try stage.choose(any([0, 0, 1, 1, nil])) }
        case 80..<86: fail()
        case 86..<96: try step("recover") { try stage.recover() }
        case 96..<103: try changeTiers()
        default: writeBack()
        }
    }

    private func step<R, E: Error>(_ name: String, _ body: () throws(E) -> R) throws(E) {
        _ = try body()
        note(name)
    }

    /// Mostly to values with which the areas fill the pools.
    private func changeTunables() {
        var tunables = Tunables()
        tunables.maxPoolPercent = 30
        tunables.shrinksInBackground = below(3) == 0
        tunables.reclaim = below(3) == 0 ? .pool : .store
        tunables.compactsByItself = below(3) > 0
        tunables.scrubPagesPerSecond = any([0, 1000, 1_000_000, 1_000_000])
        tunables.coldAfterSeconds = any([nil, 1, 1, 3600])
        tunables.coldCPUPercent = any([1, 10, 100, 100])
        tunables.writeBackBlockCountPerDay = any([nil, nil, nil, nil, nil, 0, 200, 5000])
        if below(2) == 0 {
            tunables.isEnabled = below(8) > 0
            tunables.maxPoolPercent = any([0, 1, 20, 30, 50, 100])
            tunables.acceptThresholdPercent = any([0, 50, 90, 100])
            tunables.keepsSameFilledPages = below(2) == 0
            tunables.takesOtherPages = below(8) > 0
        }
        stage.use(tunables)
        note("tunables")
    }

    /// Changes the overrides of one of this hand's areas.
    private func changeSettings() throws {
        let index = pick()
        guard let name = areas[index].name else { return }
        var settings = AreaSettings()
        if below(2) == 0 { settings.compressor = any(store.availableCompressors) }
        settings.byteCountMax = any([nil, nil, nil, 0, 9000, 100_000, 400_000])
        settings.allowsWriteBack = any([nil, false, true])
        settings.coldAfterSeconds = any([nil, nil, 0, 60])
        try store.updateSettings(ofAreaNamed: name) { $0 = settings }
        areas[index].settings = settings
        note("settings")
    }

    /// Chooses how cold pages are kept, and asks for some.
    private func changeTiers() throws {
        try step("cold form") {
            try store.setColdCompressor(any(store.availableCompressors))
            try store.setColdZpool(any(Zpools.names + [nil]))
        }
        let pages: PageSelection = any([.all, .all, .huge, .idle(seconds: 1 + below(3600))])
        try? maintenance.startRecompression(pages)
    }

    private func fail() {
        if stage.isSimulated, below(3) == 0 {
            stage.refuseMemory()
            return note("refuse memory")
        }
        let device = below(stage.devices.all.count)
        var plan = stage.devices.anyFailure(of: device, &random)
        if below(3) == 0 { plan.failingReads = Set(1...1 + below(20)) }
        if stage.isSimulated, below(2) == 0 {
            // Slow, or it hangs for half a minute.
            plan.delayNanoseconds = any([1_000_000, 100_000_000, 30_000_000_000])
        }
        stage.fail(device, as: plan)
        note("fail")
    }

    private func writeBack() {
        let pages: PageSelection = any([.all, .all, .huge, .idle(seconds: 1 + below(3600))])
        do throws(WriteBackRefusal) {
            try maintenance.startWriteBack(pages)
            note("write back")
        } catch {
            note("no write-back: \(error)")
        }
    }
}
