import CLinux
import Glibc
import SystemPackage

/// The small text files of /proc and /sys, and other calls that take a path and no more.
public enum SystemText {
    /// The whole text of a file of /proc or /sys. Read until its end: /proc/self/mountinfo may be
    /// long.
    public static func read(_ path: String) throws(SystemFailure) -> String {
        let descriptor = clinux_open(path, O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw SystemFailure("open", path) }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = chunk.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            guard count >= 0 else { throw SystemFailure("read", path) }
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            text += chunk.prefix(count)
        }
    }

    /// An attribute of /sys without its newline; nil where the kernel does not have it.
    public static func attribute(_ path: String) throws(SystemFailure) -> String? {
        do {
            let text = try read(path)
            return withoutNewline(text)
        } catch
            where error.errno == .noSuchFileOrDirectory || error.errno == .noSuchAddressOrDevice
        {
            return nil
        }
    }

    /// A text without the newline at its end. By bytes: one character could hold a carriage return
    /// before it.
    public static func withoutNewline(_ text: String) -> String {
        guard text.utf8.last == UInt8(ascii: "\n") else { return text }
        return String(Substring(text.utf8.dropLast()))
    }

    /// The value behind a name and a blank in the first line that begins so; nil: no line does.
    public static func value(of name: String, in text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .map { String($0.dropFirst(name.count + 1)) }
    }

    /// Writes a value to an attribute of /sys; false where the kernel does not have it.
    public static func setAttribute(_ path: String, to value: String) throws(SystemFailure) -> Bool
    {
        let descriptor = clinux_open(path, O_WRONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            let failure = SystemFailure("open", path)
            if failure.errno == .noSuchFileOrDirectory { return false }
            throw failure
        }
        defer { close(descriptor) }
        let bytes = Array(value.utf8)
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count else { throw SystemFailure("write", path) }
        return true
    }

    /// The names in a directory, `.` and `..` left out; none where it cannot be read.
    public static func names(inDirectory path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The target of a symbolic link, as its text; nil if the path is no link or may not be read.
    public static func linkTarget(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { readlink(path, $0, buffer.count) } ?? -1
        }
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// The same; throws what opening the directory or reading it says.
    public static func list(_ path: String) throws(SystemFailure) -> [String] {
        guard let directory = opendir(path) else { throw SystemFailure("opendir", path) }
        closedir(directory)
        return names(inDirectory: path)
    }

    /// The current directory of this process, as the kernel knows it; asks no filesystem.
    public static func currentDirectory() throws(SystemFailure) -> String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&bytes, bytes.count) != nil else { throw SystemFailure("getcwd", ".") }
        return String(
            decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes a file.
    public static func remove(_ path: String) throws(SystemFailure) {
        guard unlink(path) == 0 else { throw SystemFailure("unlink", path) }
    }
}
