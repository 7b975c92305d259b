/// A mapping of a process with what of it the kernel could swap, as /proc/PID/smaps tells it.
///
///     55d0c0a00000-55d0c0c21000 rw-p 00000000 00:00 0      [heap]
///     Size:               2180 kB
///     Anonymous:          2048 kB                          <- in memory, and of no file
///     Swap:                 64 kB                          <- swapped out
///     VmFlags: rd wr mr mw me ac                           <- lo: locked, ht: of huge pages
///
/// Law: nothing in the text traps. A line that makes no sense is left out, and the mapping whose
/// heading makes none is left out with all its lines.
struct ProcessMapping: Equatable {
    /// Flags of memory that is not swapped: locked, of huge pages, of a device, not pages at all.
    private static let flagsNotSwapped: Set<Substring> = ["lo", "ht", "io", "pf"]

    /// By number: the address divided by the bytes in a page.
    let pages: Range<Int>
    private let isPrivate: Bool
    private var hasAnonymous = false
    private var isSwapped = true

    /// Whether some page of it could be swapped for this process alone.
    var hasOwnPages: Bool { isPrivate && hasAnonymous && isSwapped }

    /// The mappings in a text in the form of /proc/PID/smaps.
    static func parse(_ text: String) -> [ProcessMapping] {
        var mappings: [ProcessMapping] = []
        /// Whether the last heading was one.
        var isKnown = false
        for line in text.split(separator: "\n") {
            guard isAttribute(line) else {
                let mapping = ProcessMapping(heading: line)
                isKnown = mapping != nil
                if let mapping { mappings.append(mapping) }
                continue
            }
            guard isKnown, let last = mappings.indices.last else { continue }
            mappings[last].note(line)
        }
        return mappings
    }

    /// Whether a line is no heading: it begins with a name and a colon. Names of files stand at the
    /// end of a heading, and an address has a hyphen.
    private static func isAttribute(_ line: Substring) -> Bool {
        line.prefix { $0 != " " }.last == ":"
    }

    private init?(heading line: Substring) {
        let fields = line.split(separator: " ", maxSplits: 5)
        let ends = fields.first?.split(separator: "-", omittingEmptySubsequences: false) ?? []
        guard fields.count >= 5, ends.count == 2, fields[1].utf8.count == 4,
            let start = UInt(ends[0], radix: 16), let end = UInt(ends[1], radix: 16), start < end
        else { return nil }
        let byteCount = UInt(PageMemory.pageByteCount)
        // A quotient of an unsigned word is an Int.
        pages = Int(start / byteCount)..<Int(end / byteCount)
        isPrivate = fields[1].hasSuffix("p")
    }

    private mutating func note(_ line: Substring) {
        let words = line.split(separator: " ")
        guard let name = words.first else { return }
        switch name {
        case "Anonymous:", "Swap:":
            if words.count > 1, let kibibytes = UInt64(words[1]), kibibytes > 0 {
                hasAnonymous = true
            }
        case "VmFlags:":
            if words.dropFirst().contains(where: Self.flagsNotSwapped.contains) {
                isSwapped = false
            }
        default: break
        }
    }
}
