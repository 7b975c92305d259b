/// Code that takes bytes from outside, and a law that it keeps for any bytes.
///
///     input ── take ──► the code that takes these bytes in a daemon or a command ── law kept?
///
/// Law: an input leaves no state that the next one sees, so that a file of one input shows again
/// what it showed. A trap, or a ``FuzzFinding``, is a finding.
struct FuzzTarget: Sendable {
    typealias Take = ([UInt8]) throws -> Void

    let name: String
    /// Makes, once, what all inputs are given to.
    let prepare: @Sendable () throws -> Take

    /// All of them, as `mount-scripts/fuzz` names them.
    static let all = [
        FuzzTarget(name: "requests", prepare: RequestFuzz.prepare),
        FuzzTarget(name: "control", prepare: ControlFuzz.prepare),
        FuzzTarget(name: "options", prepare: OptionFuzz.prepare),
        FuzzTarget(name: "names", prepare: NameFuzz.prepare),
        FuzzTarget(name: "codecs", prepare: CodecFuzz.prepare),
        FuzzTarget(name: "records", prepare: RecordFuzz.prepare),
        FuzzTarget(name: "memory", prepare: MemoryFuzz.prepare),
        FuzzTarget(name: "status", prepare: StatusFuzz.prepare),
    ]
}

/// A law that was broken.
struct FuzzFinding: Error, CustomStringConvertible {
    let description: String

    /// Throws a finding unless the law holds.
    static func unless(_ holds: Bool, _ text: @autoclosure () -> String) throws {
        if !holds { throw FuzzFinding(description: text()) }
    }
}
