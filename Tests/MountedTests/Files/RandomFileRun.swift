import Foundation
import PoolTesting
import TestSupport

/// Random steps on a file of a mount, as fsx does, against ``RandomFileModel``.
///
///     read | write | append | truncate | punch | zero | allocate | seek | reopen | rename | flip
///
/// Law: the same seed makes the same steps on every machine.
struct RandomFileRun {
    /// A difference between file and model, with the steps that led to it.
    struct Difference: Error, CustomStringConvertible { let description: String }

    private static let byteCountMax = 640 << 10
    private static let lengthMax = 300 << 10

    private let mount: TemporaryMount
    private let seed: UInt64
    private let content: [UInt8]
    private var random: SplitMix64
    private var model = RandomFileModel(byteCountMax: byteCountMax)
    private var file: MountedFile
    private var name = "file"
    private var buffer = [UInt8](repeating: 0, count: byteCountMax)
    private var step = 0
    /// The last steps, in words.
    private var history: [String] = []
    /// Number of times that each kind of step was taken.
    private(set) var counts: [String: Int] = [:]

    init(_ mount: TemporaryMount, seed: UInt64) throws {
        self.mount = mount
        self.seed = seed
        random = SplitMix64(seed: seed)
        var content: [UInt8] = []
        for _ in 0..<4 {
            for kind in PageContent.allCases { content += kind.bytes(96 << 10, &random) }
        }
        self.content = content
        file = try mount.open(name)
    }

    mutating func run(stepCount: Int) throws {
        do {
            for _ in 0..<stepCount { try takeStep() }
            try compareAll()
        } catch {
            let steps = history.joined(separator: "\n")
            throw Difference(
                description: "seed \(seed), step \(step): \(error)\nafter:\n\(steps)")
        }
    }

    private mutating func takeStep() throws {
        step += 1
        switch Int.random(in: 0..<1000, using: &random) {
        case 0..<320: try write()
        case 320..<360: try append()
        case 360..<650: try read()
        case 650..<710: try truncate()
        case 710..<790: try punch()
        case 790..<850: try zero()
        case 850..<870: try allocate()
        case 870..<925: try seek()
        case 925..<975: try reopen()
        case 975..<980: try rename()
        case 980..<995: try turnControl()
        case 995..<998: note("fsync"); try SystemCall.run("fsync") { fsync(file.descriptor) }
        default: try compareAll()
        }
    }

    private mutating func note(_ text: String) {
        counts[String(text.prefix { $0 != " " }), default: 0] += 1
        history.append("\(step): \(text)")
        if history.count > 40 { history.removeFirst(20) }
    }

    /// A third on page borders, a third on sectors, a third anywhere.
    private mutating func aligned(_ number: Int) -> Int {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: number & ~4095
        case 1: number & ~511
        default: number
        }
    }

    /// An offset, and a length that is as often small as large.
    private mutating func range() -> (offset: Int, count: Int) {
        let offset = aligned(Int.random(in: 0..<Self.byteCountMax, using: &random))
        let bits = Int.random(in: 0...18, using: &random)
        let length = min(Int.random(in: 1 << bits..<2 << bits, using: &random), Self.lengthMax)
        return (offset, min(max(aligned(length), 1), Self.byteCountMax - offset))
    }

    private mutating func someContent(_ count: Int) -> Range<Int> {
        let start = Int.random(in: 0...content.count - count, using: &random)
        return start..<start + count
    }

    private mutating func write() throws {
        let (offset, count) = range()
        let part = someContent(count)
        note("write \(count) at \(offset)")
        let file = file
        let written = try content.withUnsafeBytes { content in
            let bytes = UnsafeRawBufferPointer(rebasing: content[part])
            model.write(bytes, at: offset)
            return try file.write(bytes, at: offset)
        }
        try require(written == count, "\(written) bytes were taken")
    }

    private mutating func append() throws {
        let count = min(range().count, Self.byteCountMax - model.size)
        guard count > 0 else { return }
        note("append \(count)")
        let part = someContent(count)
        let appending = try mount.open(name, O_WRONLY | O_APPEND)
        let written = try appending.append(content[part])
        content.withUnsafeBytes { content in
            model.write(UnsafeRawBufferPointer(rebasing: content[part]), at: model.size)
        }
        try require(written == count, "\(written) bytes were taken")
    }

    private mutating func read() throws {
        let (offset, count) = range()
        note("read \(count) at \(offset)")
        try compare(offset, count)
    }

    private mutating func compare(_ offset: Int, _ count: Int) throws {
        let file = file
        let model = model
        try buffer.withUnsafeMutableBytes { buffer in
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
            let got = UnsafeRawBufferPointer(
                rebasing: room[..<(try file.read(into: room, at: offset))])
            guard !model.matches(got, at: offset, wanted: count) else { return }
            let place = model.firstDifference(got, at: offset).map { "byte \($0)" } ?? "length"
            throw Difference(
                description: "\(got.count) of \(count) bytes at \(offset) differ: \(place)")
        }
    }

    private mutating func compareAll() throws {
        note("compare all \(model.size)")
        try require(try file.size == model.size, "the size is \(try file.size)")
        try compare(0, Self.byteCountMax)
    }

    private mutating func truncate() throws {
        let size = aligned(Int.random(in: 0...Self.byteCountMax, using: &random))
        note("truncate \(model.size) to \(size)")
        try file.truncate(to: size)
        model.truncate(to: size)
    }

    private mutating func punch() throws {
        let (offset, count) = range()
        note("punch \(count) at \(offset)")
        try file.allocate(MountedFile.punchHole | MountedFile.keepSize, at: offset, count: count)
        model.clear(from: offset, to: offset + count)
    }

    private mutating func zero() throws {
        let (offset, count) = range()
        let keepsSize = Bool.random(using: &random)
        note("zero \(count) at \(offset)\(keepsSize ? "" : ", longer")")
        try file.allocate(
            MountedFile.zeroRange | (keepsSize ? MountedFile.keepSize : 0), at: offset,
            count: count)
        model.clear(from: offset, to: offset + count)
        if !keepsSize { model.extend(to: offset + count) }
    }

    private mutating func allocate() throws {
        let (offset, count) = range()
        let keepsSize = Bool.random(using: &random)
        note("allocate \(count) at \(offset)\(keepsSize ? "" : ", longer")")
        try file.allocate(keepsSize ? MountedFile.keepSize : 0, at: offset, count: count)
        if !keepsSize { model.extend(to: offset + count) }
    }

    private mutating func seek() throws {
        let offset = range().offset
        let wantsData = Bool.random(using: &random)
        note("seek \(wantsData ? "data" : "hole") from \(offset)")
        let found = try? file.seek(
            offset, wantsData ? MountedFile.seekData : MountedFile.seekHole)
        let expected =
            wantsData ? model.nextData(from: offset) : model.nextHole(from: offset)
        let text = "found \(found ?? -1), expected \(expected ?? -1)"
        try require(found == expected, text)
    }

    /// A handle more before the old one goes, with or without O_DIRECT, or a new start by O_TRUNC.
    private mutating func reopen() throws {
        var flags = O_RDWR
        if Bool.random(using: &random) { flags |= MountedFile.direct }
        if Int.random(in: 0..<8, using: &random) == 0 {
            flags |= O_TRUNC
            model.truncate(to: 0)
        }
        note("reopen \(flags & O_TRUNC != 0 ? "and truncate" : "")")
        file = try mount.open(name, flags)
    }

    private mutating func rename() throws {
        let new = "file-\(step % 3)"
        guard new != name else { return }
        note("rename to \(new)")
        try SystemCall.move(mount.path(name), mount.path(new))
        name = new
    }

    private mutating func turnControl() throws {
        let changes = [
            ("params/zpool", "zbud"), ("params/zpool", "zsmalloc"), ("params/zpool", "z3fold"),
            ("params/compact", "1"),
            ("params/same_filled_pages_enabled", "N"), ("params/same_filled_pages_enabled", "Y"),
        ]
        let (file, value) = changes[Int.random(in: 0..<changes.count, using: &random)]
        note("control \(file) \(value)")
        try mount.set(file, value)
    }

    private func require(_ condition: Bool, _ text: String) throws {
        if !condition { throw Difference(description: text) }
    }
}
