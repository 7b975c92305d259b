import Foundation
import LinuxSystem
import TestSupport
import Testing

/// No page in a core file: the daemon's processes write none. If the limit is raised from outside,
/// the file has no memory in it.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct CoreFileTests {
        private static let pattern =
            (try? SystemText.attribute("/proc/sys/kernel/core_pattern")) ?? nil
        /// Core files lie in the working directory, under a name that begins with the pattern.
        private static let isPlain =
            pattern.map { !$0.isEmpty && !$0.contains("/") && !$0.contains("|") } ?? false

        /// Lines of /proc/PID/smaps for each mapping: its head and its flags.
        private func mappings(of process: pid_t) throws -> [(head: Substring, flags: Substring)] {
            var found: [(Substring, Substring)] = []
            var head: Substring = ""
            for line in try SystemText.read("/proc/\(process)/smaps").split(separator: "\n") {
                let first = line.prefix { $0 != " " }
                if first.contains("-") { head = line }
                if first == "VmFlags:" { found.append((head, line.dropFirst(first.count))) }
            }
            return found
        }

        @Test func noProcessOfAMountWritesOne() throws {
            let mount = try TemporaryMount("supervise=on", "arena=64M")
            #expect(ServerProcess.waitForStandby(mount.path))
            for process in [
                ServerProcess.serving(mount.path), ServerProcess.supervising(mount.path),
                ServerProcess.standingBy(mount.path),
            ] {
                let process = try #require(process)
                let filter = try SystemText.read("/proc/\(process)/coredump_filter")
                #expect(filter == "00000010\n", "only heads of programs")
                let limits = try SystemText.read("/proc/\(process)/limits")
                let line = limits.split(separator: "\n").first {
                    $0.hasPrefix("Max core file size")
                }
                #expect(line?.split(separator: " ").dropFirst(4).first == "1", "\(limits)")
                // Debuggers heed the mapping's own flag as well.
                let large = try mappings(of: process).filter { mapping in
                    let ends = mapping.head.prefix { $0 != " " }.split(separator: "-")
                        .compactMap { UInt($0, radix: 16) }
                    return ends.count == 2 && ends[1] - ends[0] >= 64 << 20
                        && mapping.head.contains(" rw-s ")
                }
                #expect(large.allSatisfy { $0.flags.split(separator: " ").contains("dd") })
                let isServer = process == ServerProcess.serving(mount.path)
                #expect(!isServer || large.count == 1, "\(large)")
            }
        }

        /// The server of a mount that is written to and read from all the time.
        @Test(
            .enabled(if: isPlain, "/proc/sys/kernel/core_pattern names a program or a path"),
            arguments: MountHost.transports)
        func aCoreFileHasNoPage(transport: String) throws {
            let directory = try TemporaryDirectory()
            let mount = try TemporaryMount(
                options: ["transport=\(transport)", "arena=64M"], level: "notice",
                through: ["sh", "-c", "cd \"$0\" && exec \"$@\"", directory.path])
            let process = "\(mount.daemon.identifier)"
            let (status, text) = try SwapHost.run(
                "prlimit", ["--pid", process, "--core=unlimited"])
            #expect(status == 0, "\(text)")
            let area = try mount.open("area")
            for number in 0..<600 { try area.write(PageTextTests.page(number), at: number * 4096) }
            for number in 0..<600 {
                let page = try area.read(at: number * 4096, count: 4096)
                #expect(page == PageTextTests.page(number), "page \(number)")
            }
            mount.daemon.signal(SIGABRT)
            #expect(mount.daemon.wait(seconds: 20)?.status == 128 + SIGABRT)
            let prefix = try #require(Self.pattern).prefix { $0 != "%" }
            let names = SystemText.names(inDirectory: directory.path)
            let name = try #require(names.first { $0.hasPrefix(prefix) }, "no core: \(names)")
            let core = try #require(FileManager.default.contents(atPath: directory.path(name)))
            #expect(core.starts(with: [0x7f, 0x45, 0x4c, 0x46]) && core.count < 2 << 20)
            #expect(Self.memory(in: core).contains { !$0.isEmpty }, "the heads of programs")
            // Registers remain, which may hold the last bytes that a thread moved.
            for part in Self.memory(in: core) {
                for mark in [PageTextTests.mark, "secret_"] {
                    #expect(core[part].range(of: Data(mark.utf8)) == nil, "\(part)")
                }
            }
        }

        /// The parts of a core file with memory of the process: program headers of kind PT_LOAD.
        private static func memory(in core: Data) -> [Range<Int>] {
            func number(_ offset: Int, _ byteCount: Int) -> Int {
                core[offset..<offset + byteCount].reversed().reduce(0) { $0 << 8 | Int($1) }
            }
            let (start, length, count) = (number(0x20, 8), number(0x36, 2), number(0x38, 2))
            return (0..<count).map { start + $0 * length }.filter { number($0, 4) == 1 }.map {
                let offset = number($0 + 8, 8)
                return offset..<offset + number($0 + 0x20, 8)
            }
        }
    }
}
