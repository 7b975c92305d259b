/// The user stopped the command, by Ctrl-C or a signal. Thrown only where the command looks for it,
/// so that what was set up is taken down first.
public struct Interruption: Error, CustomStringConvertible {
    /// What happened, with the signal's name.
    public let description: String

    /// Throws when a signal has come. After `SignalGate.close()`.
    public static func check() throws(Interruption) {
        if case .stop(let signal) = SignalGate.wait(seconds: 0) {
            throw Interruption(description: "stopped by \(signal)")
        }
    }
}
