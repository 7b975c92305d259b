import Foundation
import LinuxSystem

/// A live process with pages of its own, which knows what each of its bytes must be.
///
/// It fills memory with sample pages, stamps each with its number and a salt of the process (so
/// that two pages that change places are noticed, between processes too), and checks every byte
/// when asked to. Run in a ``MemoryGroup`` it is swapped out; what it expects stands in a file, not
/// in its memory.
public final class SwappedProcess {
    /// The result of a check.
    public struct Report: Equatable, Sendable {
        /// Pages with at least one wrong byte; empty when all is well.
        public let wrongPages: [Int]
        /// Bytes of the process that were swapped out when the check began (VmSwap).
        public let swappedByteCount: Int
    }

    /// A failure of the process itself: it ended, or wrote something else.
    public struct Trouble: Error {
        /// The text that it wrote.
        public let output: String
    }

    private var salt = UInt64.random(in: .min ... .max)
    /// Kept: the group can only go after the process.
    private let group: MemoryGroup?
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts it and waits until its memory is full.
    public init(megabyteCount: Int, pages: SamplePages, in group: MemoryGroup?) throws {
        self.group = group
        let arguments = ["-c", Self.script, "\(megabyteCount)", pages.path, "\(salt)"]
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            group?.shellArguments("python3", arguments)
            ?? ["-c", "exec \"$@\"", "sh", "python3"] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try expect("full")
    }

    deinit { end() }

    /// Ends it, and with it what it has swapped out.
    public func end() {
        // Not by SIGTERM: test runners leave that one blocked in their children.
        kill(process.processIdentifier, SIGKILL)
        _ = Patience.wait(milliseconds: 5000) { !process.isRunning }
    }

    /// The first eight bytes of one of its pages, little-endian; no other process has the same.
    public func stamp(page: Int) -> UInt64 { UInt64(page) &* 0x9e37_79b9_7f4a_7c15 ^ salt }

    /// Reads every byte and compares it. Brings back what is swapped out, page by page.
    public func check() throws -> Report {
        let words = try ask("check").split(separator: " ").compactMap { Int($0) }
        guard let swapped = words.first else { throw Trouble(output: "no figures") }
        return Report(wrongPages: Array(words.dropFirst()), swappedByteCount: swapped)
    }

    /// Writes other bytes to every page, with a new salt.
    public func refill() throws {
        salt = .random(in: .min ... .max)
        _ = try ask("refill \(salt)")
    }

    /// Makes the kernel swap all of it out at once, and forget it where there is a group. That
    /// kills no process when the swap area is full, unlike reaching the limit of the group. The
    /// value says how many bytes are swapped out then.
    public func pageOut() throws -> Int {
        _ = try ask("out")
        try group?.reclaim()
        return try swappedByteCount()
    }

    /// Gives every other page back, from the first on, so that their swap slots come free one by
    /// one. They are not checked any more.
    public func dropEveryOther() throws { _ = try ask("drop") }

    /// Changes one byte of one page, behind the back of the check.
    public func spoil(page: Int) throws { _ = try ask("spoil \(page)") }

    /// Bytes of the process that are swapped out now.
    public func swappedByteCount() throws -> Int { Int(try ask("swapped")) ?? 0 }

    private func ask(_ command: String) throws -> String {
        try input.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8))
        return try readLine()
    }

    private func expect(_ word: String) throws {
        let line = try readLine()
        guard line == word else { throw Trouble(output: line) }
    }

    private func readLine() throws -> String {
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
            if byte == Data([10]) { return String(decoding: line, as: UTF8.self) }
            line += byte
        }
        throw Trouble(output: "ended: \(String(decoding: line, as: UTF8.self))")
    }

    private static let script = """
        import mmap, os, sys
        page, count, salt = 4096, int(sys.argv[1]) * 256, int(sys.argv[3])
        sample = os.open(sys.argv[2], os.O_RDONLY)
        samples = os.fstat(sample).st_size // page
        memory = mmap.mmap(-1, count * page, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        def expected(number):
            stamp = number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF ^ salt
            return stamp.to_bytes(8, "little") + os.pread(sample, page, number % samples * page)[8:]
        def swapped():
            for line in open("/proc/self/status"):
                if line.startswith("VmSwap:"):
                    return int(line.split()[1]) * 1024
            return 0
        def fill():
            for number in range(count):
                memory[number * page:(number + 1) * page] = expected(number)
        fill()
        kept = range(count)
        print("full", flush=True)
        for line in sys.stdin:
            words = line.split()
            if words[0] == "check":
                found = [swapped()] + [
                    number for number in kept
                    if memory[number * page:(number + 1) * page] != expected(number)]
                print(*found, flush=True)
            elif words[0] == "refill":
                salt = int(words[1])
                fill()
                print("filled", flush=True)
            elif words[0] == "out":
                memory.madvise(21)  # MADV_PAGEOUT, which Python knows by name only later
                print(swapped(), flush=True)
            elif words[0] == "drop":
                kept = range(1, count, 2)
                for number in range(0, count, 2):
                    memory.madvise(mmap.MADV_DONTNEED, number * page, page)
                print("dropped", flush=True)
            elif words[0] == "spoil":
                at = int(words[1]) * page + 99
                memory[at] ^= 1
                print("spoiled", flush=True)
            else:
                print(swapped(), flush=True)
        """
}
