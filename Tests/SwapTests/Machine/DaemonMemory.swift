import LinuxSystem

/// A daemon's memory besides its arena, from /proc/PID/smaps, in bytes.
struct DaemonMemory: CustomStringConvertible {
    /// The program's own file: code, constants and data.
    private(set) var program = 0
    /// Shared libraries, the Swift runtime among them.
    private(set) var libraries = 0
    /// The heap.
    private(set) var heap = 0
    /// Stacks and other mappings without a file.
    private(set) var anonymous = 0
    /// The store itself, which is not counted.
    private(set) var arena = 0

    /// Everything but the arena.
    var besidesArena: Int { program + libraries + heap + anonymous }

    var description: String {
        func kibibytes(_ count: Int) -> String { "\(count >> 10) KiB" }
        let parts = [
            "program \(kibibytes(program))", "libraries \(kibibytes(libraries))",
            "heap \(kibibytes(heap))", "stacks and buffers \(kibibytes(anonymous))",
        ]
        return "\(kibibytes(besidesArena)): \(parts.joined(separator: ", "))"
    }

    /// Looks at a live process.
    init(of process: Int32) throws {
        var name = ""
        for line in try SystemText.read("/proc/\(process)/smaps").split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if words.count >= 5, words[0].contains("-") {
                name = words.count > 5 ? words[5...].joined(separator: " ") : ""
            } else if words.first == "Rss:", words.count > 1, let kibibytes = Int(words[1]) {
                add(kibibytes << 10, of: name)
            }
        }
    }

    private mutating func add(_ byteCount: Int, of name: String) {
        // A file without a name, or a memfd.
        if name.hasPrefix("/#") || name.hasPrefix("/memfd:") {
            arena += byteCount
        } else if name == "[heap]" {
            heap += byteCount
        } else if name.contains(".so") {
            libraries += byteCount
        } else if name.hasPrefix("/") {
            program += byteCount
        } else {
            anonymous += byteCount
        }
    }
}
