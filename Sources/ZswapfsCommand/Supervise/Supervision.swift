/// Whether a mount survives the death of its server, and why not.
enum Supervision: Equatable {
    case supervised
    /// `supervise=off`.
    case declined
    /// Not given, and this is the default.
    case standard
    /// `transport=uring`.
    case ring
    /// The supervisor died while the server went on.
    case abandoned

    var isOn: Bool { self == .supervised }
    var word: String { isOn ? "supervised" : "unsupervised" }

    /// One sentence.
    var reason: String {
        switch self {
        case .supervised: "another daemon takes over when this one is killed"
        case .declined: "asked for by supervise=off; a killed daemon loses the pages"
        case .standard: "the default; a killed daemon loses the pages"
        case .ring: "requests come by io_uring; a killed daemon loses the pages"
        case .abandoned:
            "the supervisor has died (zswapfs supervise); a killed daemon loses the pages"
        }
    }
}

/// The values of `-o supervise=`.
enum SuperviseChoice: String, CaseIterable {
    case on
    case off
}
