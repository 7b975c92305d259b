import Synchronization
import ZswapCore

/// Inode numbers and what they mean.
///
///     1           the root directory
///     0x1000 …    areas, by slot of the area directory: the same in every process
///     0x100000 …  control directories and files, given out when they are looked up; `stat` shows
///                 numbers made of their paths, from 1 << 48 on
///
/// A control file that is looked up is read from then on as it was then: the number stands for that
/// text. Its length is the size that the kernel is told, so that whoever trusts a size, or reads by
/// way of the page cache (splice, sendfile, mmap), gets all of it and no more. While a file is
/// open, looking it up again gives another number if its text is another one, and with it another
/// page cache: the open one goes on as it began.
///
/// Laws:
/// - A number stays what it is until the kernel has forgotten it.
/// - The texts of all numbers together take at most ``textByteCountMax``, or one of them more: the
///   one that was used least recently goes first. Equal texts of a file are one.
final class InodeTable: Sendable {
    enum Node: Equatable, Sendable {
        case root
        case area(slot: Int)
        case control(path: ByteText)
    }

    /// What a control file is read from.
    enum Text: Equatable, Sendable {
        case bytes([UInt8])
        /// It made room for others.
        case gone
        /// There is no such file, or it is not open.
        case none
    }

    static let root: UInt64 = 1
    private static let areaBase: UInt64 = 0x1000
    private static let controlBase: UInt64 = 0x10_0000
    /// A number that was looked up this long ago is not about to be opened.
    private static let claimNanoseconds: UInt64 = 100_000_000
    /// A text this old is made anew when it is opened.
    private static let staleNanoseconds: UInt64 = 1_000_000_000
    let textByteCountMax: Int

    private struct Control: Sendable {
        let path: ByteText
        var lookupCount: UInt64 = 0
        var openCount = 0
        var lookedUpAt: UInt64 = 0
        /// Nil for a directory, and when it went.
        var text: [UInt8]?
        var byteCount = 0
        /// Of the clock of uses.
        var usedAt: UInt64 = 0
    }

    private struct Controls: Sendable {
        var next = InodeTable.controlBase
        var numberByPath: [ByteText: UInt64] = [:]
        var controls: [UInt64: Control] = [:]
        var textByteCount = 0
        var useClock: UInt64 = 0
    }
    private let controls = Mutex(Controls())
    private let onTextByteCount: @Sendable (Int) -> Void

    /// `onTextByteCount` is told what the texts take when that changes.
    init(
        textByteCountMax: Int = 8 << 20,
        onTextByteCount: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.textByteCountMax = textByteCountMax
        self.onTextByteCount = onTextByteCount
    }

    static func number(areaSlot slot: Int) -> UInt64 { areaBase + UInt64(slot) }

    /// The slot of an area's number; nil when the number is something else's.
    static func areaSlot(of number: UInt64) -> Int? {
        number >= areaBase && number < controlBase ? Int(number - areaBase) : nil
    }

    func node(_ number: UInt64) -> Node? {
        if number == Self.root { return .root }
        if let slot = Self.areaSlot(of: number) { return .area(slot: slot) }
        return controls.withLock { $0.controls[number] }.map { .control(path: $0.path) }
    }

    /// The number of a control path, for a look-up that the kernel will forget some time; `text` is
    /// what a file holds now.
    func lookUp(controlPath path: ByteText, text: [UInt8]?, now: UInt64) -> UInt64 {
        controls.withLock { controls in
            let known = controls.numberByPath[path]
            let number: UInt64
            if let known, !Self.isInUse(controls.controls[known], for: text, now) {
                number = known
            } else {
                number = controls.next
                controls.next += 1
                controls.controls[number] = Control(path: path)
                controls.numberByPath[path] = number
            }
            controls.controls[number]?.lookupCount += 1
            controls.controls[number]?.lookedUpAt = now
            if let text { keep(text, of: number, &controls) }
            return number
        }
    }

    /// Whether somebody reads, or is about to read, another text by this number.
    private static func isInUse(_ control: Control?, for text: [UInt8]?, _ now: UInt64) -> Bool {
        guard let control, let text, control.text != text else { return false }
        return control.openCount > 0
            || control.byteCount > 0 && now &- control.lookedUpAt < claimNanoseconds
    }

    func forget(control number: UInt64, count: UInt64) {
        controls.withLock { controls in
            guard var control = controls.controls[number] else { return }
            control.lookupCount -= min(count, control.lookupCount)
            controls.controls[number] = control
            guard control.lookupCount == 0 else { return }
            drop(number, &controls)
            controls.controls[number] = nil
            if controls.numberByPath[control.path] == number {
                controls.numberByPath[control.path] = nil
            }
            controls.controls.releaseExcess()
            controls.numberByPath.releaseExcess()
        }
    }

    /// The number that `stat` and listings show: a control file's is made of its path, so that it
    /// is the same for all texts. FNV-1a, 48 bits of it, above all other numbers.
    func shownNumber(of number: UInt64) -> UInt64 {
        guard case .control(let path)? = node(number) else { return number }
        return Self.shownNumber(ofControlPath: path)
    }

    static func shownNumber(ofControlPath path: ByteText) -> UInt64 {
        let hash = path.text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return 1 << 48 | hash & (1 << 48 - 1)
    }

    /// Length of the text that a file is read from.
    func byteCount(of number: UInt64) -> Int {
        controls.withLock { $0.controls[number]?.byteCount } ?? 0
    }
}

/// What open control files are read from.
extension InodeTable {
    /// Whether nobody reads a file's text, and it is old or went.
    func isStale(_ number: UInt64, _ now: UInt64) -> Bool {
        controls.withLock { controls in
            guard let control = controls.controls[number], control.openCount == 0 else {
                return false
            }
            return control.text == nil || now &- control.lookedUpAt > Self.staleNanoseconds
        }
    }

    /// Gives a file another text.
    func renew(_ number: UInt64, _ text: [UInt8], _ now: UInt64) {
        controls.withLock { controls in
            guard controls.controls[number]?.openCount == 0 else { return }
            controls.controls[number]?.lookedUpAt = now
            keep(text, of: number, &controls)
        }
    }

    /// Counts an open file.
    func open(control number: UInt64) {
        controls.withLock { $0.controls[number]?.openCount += 1 }
    }

    /// Takes an open file back.
    func close(control number: UInt64) {
        controls.withLock { controls in
            guard let count = controls.controls[number]?.openCount, count > 0 else { return }
            controls.controls[number]?.openCount = count - 1
        }
    }

    /// What an open file is read from.
    func text(of number: UInt64) -> Text {
        controls.withLock { controls in
            guard let control = controls.controls[number], control.openCount > 0 else {
                return .none
            }
            guard let text = control.text else { return control.byteCount > 0 ? .gone : .none }
            controls.useClock += 1
            controls.controls[number]?.usedAt = controls.useClock
            return .bytes(text)
        }
    }

    private func keep(_ text: [UInt8], of number: UInt64, _ controls: inout Controls) {
        controls.useClock += 1
        controls.controls[number]?.usedAt = controls.useClock
        guard controls.controls[number]?.text != text else { return }
        drop(number, &controls)
        controls.controls[number]?.text = text
        controls.controls[number]?.byteCount = text.count
        controls.textByteCount += text.count
        makeRoom(sparing: number, &controls)
        onTextByteCount(controls.textByteCount)
    }

    /// Lets texts go, the least recently used first, down to three quarters: one search for many.
    private func makeRoom(sparing number: UInt64, _ controls: inout Controls) {
        guard controls.textByteCount > textByteCountMax else { return }
        let held = controls.controls.filter { $0.key != number && $0.value.text != nil }
        for (number, _) in held.sorted(by: { $0.value.usedAt < $1.value.usedAt }) {
            guard controls.textByteCount > textByteCountMax / 4 * 3 else { return }
            drop(number, &controls)
        }
    }

    /// The size stays what was told.
    private func drop(_ number: UInt64, _ controls: inout Controls) {
        guard let text = controls.controls[number]?.text else { return }
        controls.controls[number]?.text = nil
        controls.textByteCount -= text.count
        onTextByteCount(controls.textByteCount)
    }
}
