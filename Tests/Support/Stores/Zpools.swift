import ZPool

/// The drivers that suites above the pools run on: all that can be chosen.
public enum Zpools {
    /// Their names, the default first.
    public static let names = ZpoolRegistry.standard().types

    /// Another one than this, so that all have their turn.
    public static func next(after name: String) -> String {
        let index = names.firstIndex(of: name).map { $0 + 1 } ?? 0
        return names[index % names.count]
    }
}
