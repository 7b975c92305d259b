/// What has been done so far and how to take it back, the last first.
public struct UndoList {
    private var steps: [(name: String, undo: () throws -> Void)] = []

    /// Nothing to take back yet.
    public init() {}

    /// Remembers how to take a step back; `name` says what that would be, for the message when even
    /// that fails.
    public mutating func add(_ name: String, _ undo: @escaping () throws -> Void) {
        steps.append((name, undo))
    }

    /// Takes everything back, going on past steps that fail. The value names those.
    public mutating func run() -> [String] {
        var complaints: [String] = []
        while let step = steps.popLast() {
            do {
                try step.undo()
            } catch {
                complaints.append("could not \(step.name): \(error)")
            }
        }
        return complaints
    }
}
