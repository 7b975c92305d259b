import LinuxSystem
import Threads

/// Samples of one mount, one after the other, through its daemon's deaths and pauses.
///
///     init ── interval ── interval ── …      each since the last sample that was answered
///
/// Law: a daemon that does not answer costs two seconds (``MountQuery/patience``), and the next
/// call asks again. When the mount is no longer there, or has been dead for ``deathSecondsMax``, a
/// call throws.
final class TopSource {
    /// The result of one look at the mount.
    enum Result {
        case interval(TopInterval)
        /// There is none: why, in a few words.
        case trouble(String)
    }

    /// Another daemon takes over much sooner.
    private static let deathSecondsMax: Int64 = 10

    private let mount: MountTable.Entry
    private var query: MountQuery?
    private var last: TopSample
    private var diedAt: Int64?

    /// Takes the first sample.
    init(_ mount: MountTable.Entry) throws(QueryFailure) {
        self.mount = mount
        let query = try Self.ask(mount)
        last = try TopSample(asking: query, at: MonotonicClock.nanoseconds)
        self.query = query
    }

    /// What has happened since the last sample.
    func look() throws(CommandFailure) -> Result {
        do throws(QueryFailure) {
            let query = try asked()
            let sample = try TopSample(asking: query, at: MonotonicClock.nanoseconds)
            let interval = TopInterval(sample, since: last)
            last = sample
            diedAt = nil
            return .interval(interval)
        } catch {
            query = nil
            try requireMount(error)
            switch error {
            case .noAnswer: return .trouble("the daemon does not answer")
            case .died: return .trouble("the daemon has died")
            case .refused(let failure): return .trouble("refused: \(failure.errno)")
            }
        }
    }

    /// The connection to the daemon, a new one after a failure.
    private func asked() throws(QueryFailure) -> MountQuery {
        if let query { return query }
        let query = try Self.ask(mount)
        self.query = query
        return query
    }

    private static func ask(_ mount: MountTable.Entry) throws(QueryFailure) -> MountQuery {
        let query = try MountQuery(mount)
        try query.confirm(by: .now.advanced(by: MountQuery.patience))
        return query
    }

    /// Throws when no later look could succeed.
    private func requireMount(_ failure: QueryFailure) throws(CommandFailure) {
        let isMounted =
            (try? MountTable.current().entries.contains {
                $0.device == mount.device && $0.type == AreaPath.mountType
            }) ?? true
        guard isMounted else {
            throw CommandFailure(.badPath, "\(mount.mountPoint): was unmounted")
        }
        guard case .died = failure else {
            diedAt = nil
            return
        }
        let now = MonotonicClock.nanoseconds
        let began = diedAt ?? now
        diedAt = began
        guard now - began < Self.deathSecondsMax * 1_000_000_000 else {
            throw CommandFailure(failure)
        }
    }
}
