import Latency

/// The rows about keeping processors awake while faults are served.
extension ControlTree {
    static let latency = choice(
        "latency", standard: LatencyMode.auto,
        "Whether the kernel is asked to keep idle processors awake, so that a fault waits for none"
            + " to wake up: while reads of at most 64 KiB come in bursts, always, or never.",
        read: { $0.latency.mode }, write: { $0.latency.set($1) })

    static let latencyStatisticsRow = ControlRow(
        "stats/latency", .lines,
        "Whether processors are kept awake, a name and a value a line: mode; state, which is held,"
            + " released or unavailable; reason, only if unavailable; changes of the state;"
            + " held_milliseconds of milliseconds, and held_percent.",
        read: { subject throws(ControlError) in
            let report = subject.latency.report
            let reason = report.obstacle.map { "reason \($0)\n" } ?? ""
            return "mode \(report.mode.rawValue)\nstate \(report.state.rawValue)\n" + reason
                + lines([
                    ("changes", report.changeCount),
                    ("held_milliseconds", Int(report.heldNanoseconds / 1_000_000)),
                    ("milliseconds", Int(report.nanoseconds / 1_000_000)),
                ]) + "held_percent \(report.heldPerMille / 10).\(report.heldPerMille % 10)\n"
        })
}
