public import ZswapCore

/// Facts about the daemon that the tree shows and the store does not know.
public struct ControlFacts: Equatable, Sendable {
    /// The mount point, so that the numbers of several mounts can be told apart.
    public var mountPoint: ByteText
    /// The program's version; empty: unknown.
    public var version: String
    /// The transport of requests: "/dev/fuse", "io_uring"; empty: unknown.
    public var transport: String
    /// The parts of the transport, or why a faster one is not used and what it needs; empty:
    /// unknown.
    public var transportReason: String
    /// The protections of the daemon under memory pressure, a few words each: "memory locked".
    public var protections: [String]
    /// "supervised" when another daemon takes over from one that is killed, else "unsupervised";
    /// empty: unknown.
    public var supervision: String
    /// The meaning of the supervision, or the reason why there is none, in one sentence.
    public var supervisionReason: String
    /// Number of times that another daemon has taken over.
    public var restartCount: Int
    /// The end of the last daemon that was replaced, and the times for which reads and other
    /// requests were not answered; empty: none was replaced.
    public var lastRestart: String
    /// Loop devices that stand on areas, as it was a few seconds ago.
    public var devices: [AreaDevice]

    /// Creates facts; what is left out is unknown.
    public init(
        mountPoint: ByteText = "", version: String = "", transport: String = "",
        transportReason: String = "", protections: [String] = [], supervision: String = "",
        supervisionReason: String = "", restartCount: Int = 0, lastRestart: String = "",
        devices: [AreaDevice] = []
    ) {
        self.mountPoint = mountPoint
        self.version = version
        self.transport = transport
        self.transportReason = transportReason
        self.protections = protections
        self.supervision = supervision
        self.supervisionReason = supervisionReason
        self.restartCount = restartCount
        self.lastRestart = lastRestart
        self.devices = devices
    }
}
