/// What keeping processors awake came to.
public struct LatencyReport: Equatable, Sendable {
    /// What the kernel is asked for now.
    public enum State: String, Sendable {
        /// Processors are kept awake.
        case held
        /// They may go idle as deeply as the kernel likes.
        case released
        /// The kernel cannot be asked.
        case unavailable
    }

    /// When they shall be kept awake.
    public var mode: LatencyMode
    /// Whether they are.
    public var state: State
    /// Why the kernel cannot be asked; nil when it can.
    public var obstacle: String?
    /// How often it was asked for something else. Each time wakes all idle processors.
    public var changeCount: Int
    /// How long processors were kept awake.
    public var heldNanoseconds: Int64
    /// Of how long.
    public var nanoseconds: Int64

    /// The share of the time, in tenths of a percent.
    public var heldPerMille: Int {
        guard nanoseconds > 0, heldNanoseconds > 0 else { return 0 }
        return Int(min(Double(heldNanoseconds) / Double(nanoseconds), 1) * 1000 + 0.5)
    }
}
