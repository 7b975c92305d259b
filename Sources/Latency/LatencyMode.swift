/// The setting `params/latency`: when processors are kept awake.
public enum LatencyMode: String, CaseIterable, Sendable {
    /// While faults are served.
    case auto
    /// As long as the mount serves.
    case low
    /// Never.
    case off
}
