import Synchronization

/// Inode numbers and what they mean.
///
///     1           the root directory
///     0x1000 …    areas, by slot of the area directory: the same in every process
///     0x100000 …  control directories and files, given out when they are first looked up
///
/// Law: a number stays what it is until the kernel has forgotten it.
final class InodeTable: Sendable {
    enum Node: Equatable, Sendable {
        case root
        case area(slot: Int)
        case control(path: String)
    }

    static let root: UInt64 = 1
    private static let areaBase: UInt64 = 0x1000
    private static let controlBase: UInt64 = 0x10_0000

    private struct Controls: Sendable {
        var next = InodeTable.controlBase
        var numberByPath: [String: UInt64] = [:]
        var pathByNumber: [UInt64: (path: String, lookupCount: UInt64)] = [:]
    }
    private let controls = Mutex(Controls())

    static func number(areaSlot slot: Int) -> UInt64 { areaBase + UInt64(slot) }

    /// The slot of an area's number; nil when the number is something else's.
    static func areaSlot(of number: UInt64) -> Int? {
        number >= areaBase && number < controlBase ? Int(number - areaBase) : nil
    }

    func node(_ number: UInt64) -> Node? {
        if number == Self.root { return .root }
        if let slot = Self.areaSlot(of: number) { return .area(slot: slot) }
        return controls.withLock { $0.pathByNumber[number] }.map { .control(path: $0.path) }
    }

    /// The number of a control path, for a look-up that the kernel will forget some time.
    func lookUp(controlPath path: String) -> UInt64 {
        controls.withLock { controls in
            let number = controls.numberByPath[path] ?? controls.next
            if number == controls.next { controls.next += 1 }
            controls.numberByPath[path] = number
            controls.pathByNumber[number, default: (path, 0)].lookupCount += 1
            return number
        }
    }

    func forget(control number: UInt64, count: UInt64) {
        controls.withLock { controls in
            guard var entry = controls.pathByNumber[number] else { return }
            entry.lookupCount -= min(count, entry.lookupCount)
            controls.pathByNumber[number] = entry.lookupCount == 0 ? nil : entry
            if entry.lookupCount == 0 { controls.numberByPath[entry.path] = nil }
        }
    }
}
