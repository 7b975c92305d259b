/// When processors are kept awake: what `params/latency` says.
public enum LatencyMode: String, CaseIterable, Sendable {
    /// While faults are served.
    case auto
    /// As long as the mount serves.
    case low
    /// Never.
    case off
}
