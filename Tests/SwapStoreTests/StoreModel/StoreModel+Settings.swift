import SwapStore
import TestSupport

/// The steps that change settings.
extension StoreModel {
    /// Mostly all open, so that areas fill up.
    mutating func changeTunables() {
        note("tunables")
        let choice = random.next()
        store.update { tunables in
            tunables = Tunables()
            tunables.shrinksInBackground = choice >> 1 & 3 == 0
            tunables.writeBackBlockCountPerDay = [nil, nil, nil, 200][Int(choice >> 4 & 3)]
            guard choice % 2 == 0 else { return }
            tunables.isEnabled = choice >> 8 & 7 != 0
            tunables.maxPoolPercent = [0, 1, 20, 100][Int(choice >> 16 & 3)]
            tunables.acceptThresholdPercent = [0, 50, 90, 100][Int(choice >> 24 & 3)]
            tunables.keepsSameFilledPages = choice >> 32 & 1 == 0
            tunables.takesOtherPages = choice >> 40 & 7 != 0
        }
    }

    /// Changes an area's overrides: limits that are met soon, or none; any compressor, or none.
    mutating func changeSettings() throws {
        let index = pick()
        guard let name = areas[index].name else { return }
        var settings = AreaSettings()
        let compressors = store.availableCompressors
        let choice = below(2 * compressors.count)
        if choice < compressors.count { settings.compressor = compressors[choice] }
        settings.byteCountMax = [nil, nil, nil, 0, 9000, 100_000, 400_000][below(7)]
        settings.allowsWriteBack = [nil, false, true][below(3)]
        settings.coldAfterSeconds = [nil, nil, 0, 3600][below(4)]
        try store.updateSettings(ofAreaNamed: name) { $0 = settings }
        areas[index].settings = settings
        note("settings")
    }
}
