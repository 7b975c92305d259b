public import Arena
public import Backing
public import Compressors
import Threads
public import ZPool

/// Taking over what a predecessor left.
extension SwapStore {
    /// The store that is in a reopened arena, with the backing stores that entries name by number.
    /// No run of the arena may be claimed yet. Settings other than pool, compressor and levels are
    /// those of the configuration: see ``keptSettings``.
    ///
    /// At once pages can be loaded and areas found by slot. The rest of the store can be used after
    /// `rebuild` has run; then the caller starts the arena. O(pages), some nanoseconds each.
    public static func opening(
        _ arena: Arena, zpools: ZpoolRegistry, compressors: CompressorRegistry,
        configuration: Configuration, backings: [Int: BackingLog]
    ) throws(RecoveryError) -> (store: SwapStore, rebuild: StoreRebuild) {
        let parts = try StoreParts(
            leftIn: arena, zpools, compressors: compressors.all, backings: backings)
        let recovery = StoreRecovery.run(parts, in: arena)
        do {
            let store = try SwapStore(
                parts, in: arena, zpools: zpools, configuration: configuration)
            parts.record[.serverCount] += 1
            return (store, StoreRebuild(recovery, of: parts, in: store))
        } catch {
            throw .outOfMemory
        }
    }

    /// Number of servers that served this store before this one.
    public var predecessorCount: Int { Int(clamping: record[.serverCount]) }

    /// Empties and removes areas that are neither linked nor open, which the predecessor did not
    /// finish.
    public func removeUnheldAreas(by worker: StoreWorker) {
        for (area, disposal) in directory.letGoOfUnheld() { dispose(of: area, disposal, worker) }
    }

    /// Gives the descriptors of backing stores that were taken over to the heirloom, as those of
    /// new ones are given.
    public func bequeathBackings() {
        for (number, log) in control.withLock({ $0.backings }).enumerated() {
            if let log { bequeath(log, number) }
        }
    }

    /// Settings that a predecessor kept, in the words of ``keep(settings:)``; empty: none.
    public var keptSettings: String { record.settings }

    /// Keeps settings for a successor. False if they are too long. One caller at a time.
    public func keep(settings: String) -> Bool { record.keepSettings(settings) }

    /// The kernel's first request, for a successor's session.
    public var handshake: [UInt8] {
        get { record.handshake.readBytes() }
        set { record.handshake.write(bytes: newValue) }
    }
}
