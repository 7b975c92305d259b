/// A law that a driver broke, in words. Thrown rather than recorded, so that the suites below run
/// under any test library, in a simulation or in a researcher's own program.
public struct ContractViolation: Error, CustomStringConvertible {
    /// The expectation and the outcome, with the seed and step where there is one.
    public let description: String

    /// A broken law.
    public init(_ description: String) { self.description = description }
}

/// Throws when `condition` does not hold.
public func require(
    _ condition: Bool, _ message: @autoclosure () -> String
) throws(ContractViolation) {
    guard condition else { throw ContractViolation(message()) }
}

/// Throws when the two differ.
public func requireEqual<Value: Equatable>(
    _ actual: Value, _ expected: Value, _ what: @autoclosure () -> String
) throws(ContractViolation) {
    guard actual == expected else {
        throw ContractViolation("\(what()): \(actual) instead of \(expected)")
    }
}
