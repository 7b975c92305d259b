import Glibc
import Synchronization
import ZswapCore

/// The control files that the kernel knows, by inode number (``InodeNumber``).
///
///     look-up of a path ──► number ──► path, look-ups, open files, text
///
/// The text of a control file is made at its look-up, and the number stands for that text. Its
/// length is the size that the kernel is told, so that a program that trusts a size, or reads by
/// the page cache (splice, sendfile, mmap), gets all of it and no more. While a file is open,
/// looking it up again gives another number if its text has changed, and with it another page
/// cache: the open file keeps its text.
///
/// A successor, a server that took the mount over from one that was killed, meets numbers that its
/// predecessor gave out. ``takeUp(_:as:)`` adds them, with the path that was found for them
/// (`Operations+Successor.swift`). How often they were looked up and opened is not known: they
/// count as open when a request says so, and one that is forgotten too early is taken up again.
///
/// Laws:
/// - A number stays what it is until the kernel has forgotten it.
/// - A directory has one number in all generations, so that what the kernel knows of it stays.
/// - The texts of all numbers together take at most ``textByteCountMax``, or one of them more: the
///   one that was used least recently goes first. Equal texts of a file are one.
/// Cost: a lock and a look into a table for each request for a control file.
final class InodeTable: Sendable {
    enum Node: Equatable, Sendable {
        case root
        case area(slot: Int)
        case control(path: ByteText)
    }

    /// The text that reads of a control file return.
    enum Text: Equatable, Sendable {
        case bytes([UInt8])
        /// Dropped to make room for the texts of other files.
        case gone
        /// The file does not exist, or it is not open.
        case none
    }

    /// A number that was looked up longer ago than this counts as not about to be opened.
    private static let claimNanoseconds: UInt64 = 100_000_000
    /// A text this old is made anew when it is opened.
    static let staleNanoseconds: UInt64 = 1_000_000_000
    let textByteCountMax: Int
    /// The number of this server among those of the mount; the first is 0.
    let generation: Int

    struct Control: Sendable {
        let path: ByteText
        /// A predecessor gave the number out.
        var isTakenUp = false
        var lookupCount: UInt64 = 0
        var openCount = 0
        var lookedUpAt: UInt64 = 0
        /// Nil for a directory, and when it went.
        var text: [UInt8]?
        var byteCount = 0
        /// Of the clock of uses.
        var usedAt: UInt64 = 0
    }

    struct Controls: Sendable {
        var numberByPath: [ByteText: UInt64] = [:]
        var controls: [UInt64: Control] = [:]
        var textByteCount = 0
        var useClock: UInt64 = 0
    }
    let controls = Mutex(Controls())
    let onTextByteCount: @Sendable (Int) -> Void

    /// `onTextByteCount` is told what the texts take when that changes.
    init(
        textByteCountMax: Int = 8 << 20, generation: Int = 0,
        onTextByteCount: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.textByteCountMax = textByteCountMax
        self.generation = generation
        self.onTextByteCount = onTextByteCount
    }

    func node(_ number: UInt64) -> Node? {
        if number == InodeNumber.root { return .root }
        if let slot = InodeNumber.areaSlot(of: number) { return .area(slot: slot) }
        return controls.withLock { $0.controls[number] }.map { .control(path: $0.path) }
    }

    /// The number of a control path, for a look-up that the kernel will forget some time; `text` is
    /// what a file holds now, nil for a directory. ENFILE when all sequences of the path are in
    /// use.
    func lookUp(
        controlPath path: ByteText, text: [UInt8]?, now: UInt64
    ) throws(Refusal) -> UInt64 {
        let number = controls.withLock { controls -> UInt64? in
            let known = controls.numberByPath[path]
            let number: UInt64
            if let known, !Self.isInUse(controls.controls[known], for: text, now) {
                number = known
            } else {
                guard
                    let free = freeNumber(
                        of: path, after: known, isDirectory: text == nil, controls)
                else { return nil }
                number = free
                controls.controls[number] = Control(path: path)
                controls.numberByPath[path] = number
            }
            controls.controls[number]?.lookupCount += 1
            controls.controls[number]?.lookedUpAt = now
            if let text { keep(text, of: number, &controls) }
            return number
        }
        guard let number else { throw Refusal(ENFILE) }
        return number
    }

    /// The next number of a path that nothing has: after the one given out last, which is the
    /// highest in use until sequences begin again.
    private func freeNumber(
        of path: ByteText, after known: UInt64?, isDirectory: Bool, _ controls: Controls
    ) -> UInt64? {
        let hash = InodeNumber.PathHash(path)
        let first =
            known.flatMap(InodeNumber.sequence)
            ?? (isDirectory ? 0 : InodeNumber.firstSequence(inGeneration: generation) - 1)
        for step in 0..<InodeNumber.sequenceMax {
            let sequence = (first + step) % InodeNumber.sequenceMax + 1
            let number = InodeNumber.control(hash, sequence: sequence)
            if controls.controls[number] == nil { return number }
        }
        return nil
    }

    /// Whether an open file reads, or one that was just looked up may read, another text by this
    /// number.
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

    /// The number that `stat` and listings show: a control file's is the same for all texts, that
    /// of the first sequence.
    func shownNumber(of number: UInt64) -> UInt64 {
        guard case .control(let path)? = node(number) else { return number }
        return Self.shownNumber(ofControlPath: path)
    }

    static func shownNumber(ofControlPath path: ByteText) -> UInt64 {
        InodeNumber.control(InodeNumber.PathHash(path), sequence: 1)
    }

    /// Length of the text that a file is read from.
    func byteCount(of number: UInt64) -> Int {
        controls.withLock { $0.controls[number]?.byteCount } ?? 0
    }
}

/// Numbers that a predecessor gave out.
extension InodeTable {
    /// The hash of the path that a predecessor may have given this number for; nil when none did.
    func pathHash(ofPredecessors number: UInt64) -> InodeNumber.PathHash? {
        generation == 0 ? nil : InodeNumber.pathHash(of: number)
    }

    /// Adds the number of a predecessor as one of this path.
    func takeUp(_ number: UInt64, as path: ByteText) {
        controls.withLock { controls in
            guard controls.controls[number] == nil else { return }
            controls.controls[number] = Control(path: path, isTakenUp: true)
            if controls.numberByPath[path] == nil { controls.numberByPath[path] = number }
        }
    }

    func isTakenUp(_ number: UInt64) -> Bool {
        controls.withLock { $0.controls[number]?.isTakenUp ?? false }
    }

    /// Whether the number was taken up and nothing was read from it since.
    func lacksText(_ number: UInt64) -> Bool {
        controls.withLock { controls in
            guard let control = controls.controls[number] else { return false }
            return control.isTakenUp && control.text == nil && control.byteCount == 0
        }
    }

    /// Gives a file that was taken up the text that its open handles read from now on.
    func resume(_ number: UInt64, _ text: [UInt8], _ now: UInt64) {
        controls.withLock { controls in
            guard let control = controls.controls[number], control.text == nil else { return }
            controls.controls[number]?.openCount = max(control.openCount, 1)
            controls.controls[number]?.lookedUpAt = now
            keep(text, of: number, &controls)
        }
    }
}
