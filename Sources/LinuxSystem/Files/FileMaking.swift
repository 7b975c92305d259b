import CLinux
import Glibc

/// Making directories, small files and links.
public enum FileMaking {
    /// Makes the directory at an absolute path, and those above it, with mode 0755. One that is
    /// there already is left as it is; so is a file, on which what comes next fails.
    public static func makeDirectory(_ path: String) throws(SystemFailure) {
        guard mkdir(path, 0o755) != 0 else { return }
        switch errno {
        case EEXIST: return
        case ENOENT:
            guard let parent = parent(of: path) else { throw SystemFailure("mkdir", path) }
            try makeDirectory(parent)
            guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
                throw SystemFailure("mkdir", path)
            }
        default: throw SystemFailure("mkdir", path)
        }
    }

    /// Makes a file with this text, mode 0644. Throws for one that is there.
    public static func makeFile(_ path: String, text: String) throws(SystemFailure) {
        let descriptor = clinux_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemFailure("open", path) }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw SystemFailure("write", path) }
            bytes.removeFirst(count)
        }
    }

    /// Makes a symbolic link. Throws for one that is there.
    public static func makeLink(_ path: String, to target: String) throws(SystemFailure) {
        guard symlink(target, path) == 0 else { throw SystemFailure("symlink", path) }
    }

    private static func parent(of path: String) -> String? {
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).dropLast()
        guard !parts.isEmpty else { return nil }
        return parts.map { "/" + String(Substring($0)) }.joined()
    }
}
