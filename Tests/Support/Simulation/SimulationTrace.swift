#if DEBUG || INTERNAL_CHECKS
import Threads

/// What a simulation did: a number that differs when any step differs, and the last steps.
public struct SimulationTrace: Sendable {
    private struct Step {
        let number: Int
        let name: String
        let thread: Int
        let point: SchedulingPoint
        let nanoseconds: Int64
    }

    private static let keptCount = 60

    /// Points that were reached.
    public private(set) var stepCount = 0
    /// Over all steps: FNV-1a of each step's thread, point and time.
    public private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    private var kept: [Step] = []

    init() { kept.reserveCapacity(Self.keptCount) }

    mutating func add(
        _ name: String, _ thread: Int, _ point: SchedulingPoint, at nanoseconds: Int64
    ) {
        let step = Step(
            number: stepCount, name: name, thread: thread, point: point, nanoseconds: nanoseconds)
        if kept.count < Self.keptCount {
            kept.append(step)
        } else {
            kept[stepCount % Self.keptCount] = step
        }
        stepCount += 1
        mix(UInt64(thread) << 8 | UInt64(point.rawValue))
        mix(UInt64(nanoseconds))
    }

    private mutating func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01b3 }

    /// The last steps, a line each, the oldest first.
    public var lastSteps: String {
        let end = stepCount % max(kept.count, 1)
        return (kept[end...] + kept[..<end]).map {
            "step \($0.number) at \($0.nanoseconds) ns: \($0.name)-\($0.thread) \($0.point)"
        }.joined(separator: "\n")
    }
}
#endif
