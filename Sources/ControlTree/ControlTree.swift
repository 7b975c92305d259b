public import SwapStore

public final class ControlTree: Sendable {
    let store: SwapStore
    public init(store: SwapStore, facts: ControlFacts) { self.store = store }
    public static let roots = ["params", "stats"]
    public func kind(of path: String) -> ControlKind? {
        Self.roots.contains(path) ? .directory : nil
    }
    public func children(of path: String) -> [String] { [] }
    public func read(_ path: String) throws(ControlError) -> String { "" }
    public func write(_ text: String, to path: String) throws(ControlError) {}
}
