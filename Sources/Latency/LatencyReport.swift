/// The report on keeping processors awake.
public struct LatencyReport: Equatable, Sendable {
    /// The present request to the kernel.
    public enum State: String, Sendable {
        /// Processors are kept awake.
        case held
        /// They may go idle as deeply as the kernel likes.
        case released
        /// The kernel cannot be asked.
        case unavailable
    }

    /// The setting: when processors are to be kept awake.
    public var mode: LatencyMode
    /// Whether they are kept awake now.
    public var state: State
    /// The reason why the kernel cannot be asked; nil when it can.
    public var obstacle: String?
    /// Number of changes of the request to the kernel. Each wakes all idle processors.
    public var changeCount: Int
    /// Time for which processors were kept awake.
    public var heldNanoseconds: Int64
    /// The time that `heldNanoseconds` is a part of.
    public var nanoseconds: Int64

    /// The share of the time, in tenths of a percent.
    public var heldPerMille: Int {
        guard nanoseconds > 0, heldNanoseconds > 0 else { return 0 }
        return Int(min(Double(heldNanoseconds) / Double(nanoseconds), 1) * 1000 + 0.5)
    }
}
