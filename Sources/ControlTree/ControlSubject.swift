import Latency
import Maintenance
import SwapStore
import ZswapCore

/// The objects that a row is read from or written to.
struct ControlSubject: Sendable {
    let store: SwapStore
    /// The store's maintenance.
    let maintenance: Maintenance
    let latency: LatencyControl
    /// How long requests for pages take.
    let requests: RequestLatencies
    let facts: @Sendable () -> ControlFacts
    /// The facts as they are now: may wait a moment for the thread that collects them.
    let freshFacts: @Sendable () -> ControlFacts
    let journal: ControlJournal
    /// The path that was asked for, on one line, for messages.
    let path: String
    /// The name in place of the placeholder; empty when the row has none.
    let key: ByteText

    func area() throws(ControlError) -> AreaReport {
        guard let report = store.areaReport(named: key) else { throw .notFound(ByteText(path)) }
        return report
    }

    func areaSettings() throws(ControlError) -> AreaSettings {
        guard let settings = store.settings(ofAreaNamed: key) else {
            throw .notFound(ByteText(path))
        }
        return settings
    }

    func pool() throws(ControlError) -> StorePool {
        guard let pool = store.holders.first(where: { ByteText(String($0.generation)) == key })
        else {
            throw .notFound(ByteText(path))
        }
        return pool
    }
}

/// The names that may stand for a placeholder.
struct ControlKeys: Sendable {
    /// The directory whose children these are.
    let directory: ByteText
    let list: @Sendable (SwapStore) -> [ByteText]
    let contains: @Sendable (SwapStore, ByteText) -> Bool

    static let all = [
        areas(in: "params/areas"), areas(in: "stats/areas"),
        ControlKeys(
            directory: "stats/pools", list: { $0.holders.map { ByteText(String($0.generation)) } },
            contains: { store, key in
                store.holders.contains { ByteText(String($0.generation)) == key }
            }),
    ]

    private static func areas(in directory: ByteText) -> ControlKeys {
        ControlKeys(
            directory: directory, list: { $0.areas.map(\.name) },
            contains: { $0.area(named: $1) != nil })
    }

    static func of(_ directory: [ByteText]) -> ControlKeys {
        guard
            let keys = all.first(where: { $0.directory.components(separatedBy: "/") == directory })
        else { unreachable("a placeholder has no list of names") }
        return keys
    }
}
