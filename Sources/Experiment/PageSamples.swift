import Compressors
public import LinuxSystem
import ZswapCore

/// Pages as programs really have them, to measure with.
public struct PageSamples {
    /// There are none.
    public struct Failure: Error, CustomStringConvertible {
        /// Where they were looked for.
        public let description: String
    }

    /// Most pages that are taken: 32 MiB.
    private static let pageCountMax = 8192
    /// Least that are worth measuring with.
    private static let pageCountMin = 16
    private static let archiveSuffix = ".zst"

    /// The pages come first; what is behind ``pageCount`` is empty.
    private let memory: PageMemory
    /// How many there are.
    public let pageCount: Int
    /// Where they are from, in words.
    public let origin: String

    /// The pages in a file: raw, 4096 bytes each, or that packed by zstd, as the name's end tells.
    public init(file path: String) throws {
        guard path.hasSuffix(Self.archiveSuffix) else {
            try self.init(reading: path, origin: path)
            return
        }
        let directory = try ScratchDirectory("zswapfs-bench-samples", in: "/var/tmp")
        let unpacked = "\(directory.path)/pages"
        defer { try? SystemText.remove(unpacked) }
        let zstd = try RunningProcess("zstd", ["-dqc", path], output: unpacked)
        _ = Patience.wait(milliseconds: 60_000) { zstd.exitStatus != nil }
        guard zstd.exitStatus == 0 else {
            zstd.kill()
            throw Failure(description: "\(path): zstd cannot unpack it")
        }
        try self.init(reading: unpacked, origin: path)
    }

    private init(reading path: String, origin: String) throws {
        memory = try PageMemory(pageCount: Self.pageCountMax)
        pageCount = try memory.fill(from: OpenFile(path, for: .reading))
        self.origin = origin
        try check()
    }

    /// Pages that a live process has written to.
    public init(process: Int32) throws {
        memory = try PageMemory(pageCount: Self.pageCountMax)
        pageCount = try ProcessMemory(of: process).copyPages(into: memory)
        origin = "process \(process)"
        try check()
    }

    /// Pages of a Python interpreter that is started for it and has parsed its own library.
    public static func ofInterpreter() throws -> PageSamples {
        let script = """
            import ast, decimal, json, re, time, tokenize
            modules = (ast, decimal, json, re, tokenize)
            live = [ast.parse(open(module.__file__).read()) for module in modules]
            live += [{"number": n, "text": str(n) * 3} for n in range(40000)]
            print("ready", flush=True)
            time.sleep(60)
            """
        let directory = try ScratchDirectory("zswapfs-bench-samples", in: "/var/tmp")
        let output = "\(directory.path)/output"
        defer { try? SystemText.remove(output) }
        let python = try RunningProcess("python3", ["-c", script], output: output)
        defer { python.kill() }
        let isReady = Patience.wait(milliseconds: 30_000) {
            python.exitStatus != nil || (try? SystemText.read(output))?.isEmpty == false
        }
        guard isReady, python.exitStatus == nil else {
            throw Failure(description: "no pages: python3 does not run; name a file of pages")
        }
        return try PageSamples(process: python.identifier)
    }

    /// So many pages: these, again and again.
    public func repeated(pageCount wanted: Int) throws(SystemFailure) -> PageMemory {
        let pages = try PageMemory(pageCount: wanted)
        for index in 0..<wanted { pages.copy(page: index % pageCount, of: memory, to: index) }
        return pages
    }

    /// What lz4 makes of each page, in bytes; of those that it makes smaller.
    func compressedByteCounts() throws -> [Int] {
        let compressor = LZ4Compressor()
        let codec = try compressor.makeCodec(level: try compressor.level(for: nil))
        let scratch = try PageMemory(pageCount: 1)
        var byteCounts: [Int] = []
        for index in 0..<pageCount {
            var output = scratch.mutableBytes(0..<Page.byteCount)
            if case .compressed(let byteCount) = codec.compress(memory.page(index), into: &output) {
                byteCounts.append(byteCount)
            }
        }
        return byteCounts
    }

    /// Writes them to a new file.
    public func write(to path: String) throws(SystemFailure) {
        try memory.write(pageCount: pageCount, to: OpenFile(path, for: .creating))
    }

    private func check() throws {
        guard pageCount >= Self.pageCountMin else {
            throw Failure(description: "\(origin): \(pageCount) pages, too few to measure with")
        }
    }
}
