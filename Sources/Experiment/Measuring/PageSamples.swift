import Compressors
public import LinuxSystem
import ZswapCore

/// Pages as programs really have them, to measure with.
public struct PageSamples {
    /// The pages cannot be read, or are too few to measure with.
    public struct Failure: Error, CustomStringConvertible {
        /// The reason, with the source of the pages where there is one.
        public let description: String
    }

    /// Least that are worth measuring with.
    private static let pageCountMin = 16
    private static let archiveSuffix = ".zst"

    /// The pages come first; what is behind ``pageCount`` is empty.
    private let memory: PageMemory
    /// Number of pages.
    public let pageCount: Int
    /// Number of pages in their source.
    public let wholePageCount: Int
    /// Number of them that hold zeros only.
    public let zeroPageCount: Int
    /// The source of the pages, in words.
    public let origin: String
    private let seed: UInt64

    /// The pages in a file: raw, 4096 bytes each, or that packed by zstd, as the name's end tells.
    public init(file path: String, _ sampling: PageSampling = PageSampling()) throws {
        guard path.hasSuffix(Self.archiveSuffix) else {
            try self.init(reading: path, origin: path, sampling)
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
        try self.init(reading: unpacked, origin: path, sampling)
    }

    private init(reading path: String, origin: String, _ sampling: PageSampling) throws {
        let file = try OpenFile(path, for: .reading)
        let wholePageCount = try file.endOffset() / Page.byteCount
        let numbers = sampling.pages(of: wholePageCount)
        let memory = try PageMemory(pageCount: max(numbers.count, 1))
        var count = 0
        for number in numbers where try memory.read(page: number, of: file, to: count) {
            count += 1
        }
        try self.init(memory, pageCount: count, of: wholePageCount, origin, sampling)
    }

    /// Pages of a live process that the kernel would swap. Those of zeros are among them unless
    /// they are left out.
    public init(
        process: Int32, _ sampling: PageSampling = PageSampling(), leavingOutZeros: Bool = false
    ) throws {
        let source = ProcessMemory(of: process)
        let whole = try source.swappablePages()
        let pages = whole.pages(at: sampling.pages(of: whole.count))
        let memory = try PageMemory(pageCount: max(pages.count, 1))
        let count = try source.copy(pages, leavingOutZeros: leavingOutZeros, into: memory)
        // Of pages that were left out on purpose nothing is missing.
        let isAll = leavingOutZeros && pages.count == whole.count
        try self.init(
            memory, pageCount: count, of: isAll ? count : whole.count, "process \(process)",
            sampling)
    }

    private init(
        _ memory: PageMemory, pageCount: Int, of wholePageCount: Int, _ origin: String,
        _ sampling: PageSampling
    ) throws {
        guard pageCount >= Self.pageCountMin else {
            throw Failure(description: "\(origin): \(pageCount) pages, too few to measure with")
        }
        self.memory = memory
        self.pageCount = pageCount
        self.wholePageCount = wholePageCount
        self.origin = origin
        seed = sampling.seed
        zeroPageCount = (0..<pageCount).count { !memory.hasContent(page: $0) }
    }

    /// Pages of a Python interpreter that is started here and has parsed its own library.
    public static func ofInterpreter(
        _ sampling: PageSampling = PageSampling()
    ) throws -> PageSamples {
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
        return try PageSamples(process: python.identifier, sampling, leavingOutZeros: true)
    }

    /// The sample in words: its size, its share of the whole, the choice, and the share of zero
    /// pages.
    public var sample: String {
        let zeros = Table.cell(100 * Double(zeroPageCount) / Double(pageCount), digits: 1)
        guard pageCount < wholePageCount else {
            return "\(origin): all \(pageCount) pages, \(zeros) % of them zeros"
        }
        let share = Table.cell(100 * Double(pageCount) / Double(wholePageCount), digits: 1)
        return "\(origin): \(pageCount) of \(wholePageCount) pages (\(share) %), at random from "
            + "everywhere, seed \(seed); \(zeros) % of them zeros"
    }

    /// Memory of `wanted` pages, filled with these again and again.
    public func repeated(pageCount wanted: Int) throws(SystemFailure) -> PageMemory {
        let pages = try PageMemory(pageCount: wanted)
        for index in 0..<wanted { pages.copy(page: index % pageCount, of: memory, to: index) }
        return pages
    }

    /// The byte counts of the pages that lz4 makes smaller, once compressed.
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
}
