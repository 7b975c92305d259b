import Glibc
import LinuxSystem
import SystemPackage

/// A supervisor's state, written for the program that it becomes after an upgrade.
///
///     supervisor ── text in a file in memory ── exec of the new program, same process ──► goes on
///     server 812 5          the server and this end of its line
///     restarts 2
///     keep arena 7          a descriptor, by name
///
/// Law: descriptors keep their numbers; those named here are open in the new program, no others.
/// Cost: a page of memory during the change.
struct SupervisorState {
    var server: Int32
    var line: CInt
    var restartCount: Int
    var kept: [(name: String, descriptor: CInt)]

    var text: String {
        let lines =
            ["server \(server) \(line)", "restarts \(restartCount)"]
            + kept.map { "keep \($0.name) \($0.descriptor)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Nil for a text that is none.
    init?(_ text: String) {
        (server, line, restartCount, kept) = (0, -1, 0, [])
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            switch words.first {
            case "server" where words.count == 3:
                guard let server = Int32(words[1]), let line = CInt(words[2]) else { return nil }
                (self.server, self.line) = (server, line)
            case "restarts" where words.count == 2:
                guard let count = Int(words[1]), count >= 0 else { return nil }
                restartCount = count
            case "keep" where words.count == 3:
                guard let descriptor = CInt(words[2]), descriptor >= 0 else { return nil }
                kept.append((String(words[1]), descriptor))
            default: return nil
            }
        }
        guard server > 0, line >= 0 else { return nil }
    }

    init(
        server: Int32, line: CInt, restartCount: Int,
        kept: [(name: String, descriptor: CInt)]
    ) {
        self.server = server
        self.line = line
        self.restartCount = restartCount
        self.kept = kept
    }

    /// The state that the program before left in a descriptor, which is closed. Nil: there is none.
    init?(leftIn descriptor: CInt) {
        guard let memory = try? SharedMemory(adopting: descriptor) else { return nil }
        self.init(memory.text)
    }

    /// Becomes the program of this open file, started with these arguments and the state. Returns
    /// only when that fails: then nothing has changed.
    func become(_ program: CInt, _ arguments: (CInt) -> [String]) -> SystemFailure {
        do throws(SystemFailure) {
            let memory = try SharedMemory(text: text, name: "zswapfs-supervisor")
            let needed = [memory.descriptor, line] + kept.map(\.descriptor)
            for descriptor in needed { _ = fcntl(descriptor, F_SETFD, 0) }
            defer { for descriptor in needed { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) } }
            return SelfSpawn.become(program, arguments(memory.descriptor))
        } catch {
            return error
        }
    }
}
