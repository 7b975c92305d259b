/// The kernel's status of a process, /proc/PID/status: a line for each field.
///
///     Uid:    1000    1000    1000    1000
///     VmSize:   123456 kB
public struct ProcessStatus {
    private let lines: [Substring]

    /// That of a process, by its number or as `self`; nil when it cannot be read.
    public init?(of process: String = "self") {
        guard let text = try? SystemText.read("/proc/\(process)/status") else { return nil }
        self.init(text)
    }

    init(_ text: String) { lines = text.split(separator: "\n") }

    /// The words of a field; none when the field is missing.
    func words(of field: String) -> [Substring] {
        let line = lines.first { $0.hasPrefix(field + ":") }
        return line?.dropFirst(field.count + 1).split { $0 == " " || $0 == "\t" } ?? []
    }

    /// The program's name, up to 15 bytes; anything may be in it but newlines.
    public var name: String { words(of: "Name").joined(separator: " ") }

    /// Whether the process has memory of its own: threads of the kernel have none.
    public var hasMemory: Bool { !words(of: "VmSize").isEmpty }

    /// The bytes of a field in kB; 0 when the field is missing.
    public func byteCount(of field: String) -> UInt64 {
        let kibibytes = words(of: field).first.flatMap { UInt64($0) } ?? 0
        return min(kibibytes, UInt64.max >> 10) << 10
    }
}
