import SwapStore

/// What a row is read or written for.
struct ControlSubject: Sendable {
    let store: SwapStore
    let facts: @Sendable () -> ControlFacts
    /// The path that was asked for, for messages.
    let path: String
    /// What stands in the place of the placeholder; empty when the row has none.
    let key: String

    func area() throws(ControlError) -> AreaReport {
        guard let report = store.areaReport(named: key) else { throw .notFound(path) }
        return report
    }

    func areaSettings() throws(ControlError) -> AreaSettings {
        guard let settings = store.settings(ofAreaNamed: key) else { throw .notFound(path) }
        return settings
    }

    func pool() throws(ControlError) -> StorePool {
        guard let pool = store.holders.first(where: { String($0.generation) == key }) else {
            throw .notFound(path)
        }
        return pool
    }
}

/// What may stand in the place of a placeholder.
struct ControlKeys: Sendable {
    /// The directory whose children these are.
    let directory: String
    let list: @Sendable (SwapStore) -> [String]
    let contains: @Sendable (SwapStore, String) -> Bool

    static let all = [
        areas(in: "params/areas"), areas(in: "stats/areas"),
        ControlKeys(
            directory: "stats/pools", list: { $0.holders.map { String($0.generation) } },
            contains: { store, key in store.holders.contains { String($0.generation) == key } }),
    ]

    private static func areas(in directory: String) -> ControlKeys {
        ControlKeys(
            directory: directory, list: { $0.areas.map(\.name) },
            contains: { $0.area(named: $1) != nil })
    }

    static func of(_ directory: [Substring]) -> ControlKeys {
        guard let keys = all.first(where: { $0.directory == directory.joined(separator: "/") })
        else { preconditionFailure("a placeholder stands where nobody knows what it may be") }
        return keys
    }
}
