import SwapStore
import ZswapCore

/// A loop device that stands on an area, and whether the kernel swaps to it.
public struct AreaDevice: Equatable, Sendable {
    /// The kernel's name of its node, `/dev/loop3`. There may be no node of that name.
    public var path: String
    /// Its number, `7:3`, which identifies it.
    public var number: String
    /// The area's place in the store's directory.
    public var slot: Int
    /// The kernel's use of it as swap; nil when there is none.
    public var use: SwapUse?

    /// A device that was found.
    public init(path: String, number: String, slot: Int, use: SwapUse?) {
        self.path = path
        self.number = number
        self.slot = slot
        self.use = use
    }

    /// The device's use, for messages.
    var activity: String { use == nil ? "attached to \(path)" : "in use as swap on \(path)" }

    /// A line of `stats/devices`.
    func line(of area: AreaReport) -> String {
        let words = [
            path, number, use == nil ? "attached" : "swap", "\(use?.usedPageCount ?? 0)",
            area.isLinked ? "linked" : "removed", "\(area.statistics.storedPageCount)",
            Self.escaped(area.name),
        ]
        return words.joined(separator: " ") + "\n"
    }

    /// As the kernel writes names into its tables: blank, tab, newline and backslash in octal.
    private static func escaped(_ name: ByteText) -> String {
        let bytes = name.text.utf8.flatMap { byte -> [UInt8] in
            guard [0x20, 0x09, 0x0a, 0x5c].contains(byte) else { return [byte] }
            let digits = String(byte, radix: 8)
            let zeros = String(repeating: "0", count: 3 - digits.utf8.count)
            return Array("\\\(zeros)\(digits)".utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ControlFacts {
    /// Areas that have been removed while a loop device stands on them: they live on for it.
    func removedAreas(of store: SwapStore) -> [AreaReport] {
        guard !devices.isEmpty else { return [] }
        let slots = Set(devices.map(\.slot))
        return store.openAreaReports.filter { !$0.isLinked && slots.contains($0.slot) }
    }

    /// Areas that have a name, and removed ones that a loop device keeps open.
    func areas(of store: SwapStore) -> [AreaReport] {
        store.areaReports + removedAreas(of: store)
    }
}
