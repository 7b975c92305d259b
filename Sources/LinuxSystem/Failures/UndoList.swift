/// The steps done so far and how to undo them, the last first.
public struct UndoList {
    private var steps: [(name: String, undo: () throws -> Void)] = []

    /// Creates an empty list.
    public init() {}

    /// Adds the way to undo a step; `name` describes it, for the message when undoing fails.
    public mutating func add(_ name: String, _ undo: @escaping () throws -> Void) {
        steps.append((name, undo))
    }

    /// Undoes all steps, going on past those that fail. Returns messages about these.
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
