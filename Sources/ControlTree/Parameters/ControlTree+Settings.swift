import SwapStore
import Synchronization
import ZswapCore

/// The settings in `params` for a successor: path and value of each file, in the order of the
/// table. A zero byte ends each, since a path may contain any other byte.
///
///     params/compressor lz4␀params/compressor_level 3␀…        in the store's memory
///
/// Law: after a write to a file of `params` has returned, its value is kept. Areas' overrides are
/// in their records.
extension ControlTree {
    /// Files of `params` that have a value and take one.
    public static let settingRows = rows.filter {
        $0.access == .readWrite && !$0.hasPlaceholder && $0.path.hasPrefix("params/")
    }

    /// Keeps all settings, if the file that was written is one.
    func keepSettings(changedBy path: ByteText) {
        if Self.settingRows.contains(where: { ByteText($0.path) == path }) { keepSettings() }
    }

    /// Keeps all settings. False if they are too long.
    @discardableResult
    public func keepSettings() -> Bool {
        keeping.withLock { _ in store.keep(settings: settings) }
    }

    private var settings: String {
        var text = ""
        for row in Self.settingRows {
            guard let value = try? read(ByteText(row.path)), value != "\n" else { continue }
            text += row.path + " " + value.dropLast() + "\0"
        }
        return text
    }

    /// Sets everything as a predecessor kept it. Returns what could not be set, in words.
    public func restoreSettings() -> [String] {
        var failures: [String] = []
        let kept = store.keptSettings
        for setting in ByteText.split(kept, at: "\0") {
            let parts = ByteText.split(setting, at: " ", maxSplits: 1, omitsEmpty: false)
            guard parts.count == 2 else { continue }
            do {
                try take(String(parts[1]), ByteText(String(parts[0])))
            } catch {
                failures.append("\(parts[0]): \(error.message)")
            }
        }
        return failures
    }
}
