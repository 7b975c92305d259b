import CallCounter
import Foundation
import TestSupport
import Testing

/// The calls of a real daemon's serving threads to the heap and the kernel, counted by a library
/// that is loaded into it.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct ServingCallTests {
        private static let requestCount = 100_000
        private static let byteCount = 64 << 20

        /// An optimized program: the other one allocates for its assertions.
        private static let program =
            ProcessInfo.processInfo.environment["ZSWAPFS_OPTIMIZED_PROGRAM"]
        private static let isPossible = program != nil && BuiltProgram.callCounter != nil

        @Test(
            .enabled(if: isPossible, "needs an optimized program in ZSWAPFS_OPTIMIZED_PROGRAM"),
            arguments: MountHost.transports)
        func servingAllocatesNothing(transport: String) throws {
            let library = try #require(BuiltProgram.callCounter)
            let counts = try CallCounts()
            let mount = try TemporaryMount(
                options: ["transport=\(transport)", "arena=256M"], program: Self.program,
                through: [
                    "LD_PRELOAD=\(library)", "ZSWAPFS_CALL_COUNTS=\(counts.path)",
                ])
            let file = try mount.open("area")
            try file.truncate(to: Self.byteCount)
            var requests = try SizedRequests(file, byteCount: Self.byteCount)
            try requests.run(count: 3000)
            let before = try counts.read()
            try requests.run(count: Self.requestCount)
            let after = try counts.read()
            let grown = zip(after, before).map { Int($0) - Int($1) }
            #expect(after[Int(CALL_COUNT_THREADS)] > 0, "serving threads were seen")
            #expect(grown[Int(CALL_COUNT_ALLOCATIONS)] == 0)
            let reads = grown[Int(CALL_COUNT_READS)]
            let writes = grown[Int(CALL_COUNT_WRITES)]
            // Wake-ups of the grower, now and then.
            #expect(grown[Int(CALL_COUNT_OTHERS)] < Self.requestCount / 100)
            if transport == "dev" {
                // One read and one write for each, besides those that are just being made.
                #expect(abs(reads - Self.requestCount) <= 16, "\(reads)")
                #expect(abs(writes - Self.requestCount) <= 16, "\(writes)")
            } else {
                #expect(reads + writes < Self.requestCount / 100, "the ring is entered instead")
            }
        }
    }
}

/// The file that a preloaded counter writes to.
private struct CallCounts {
    private let file: TemporaryFile
    var path: String { file.path }

    init() throws {
        file = TemporaryFile("calls-\(UUID().uuidString)")
        try Data(count: 4096).write(to: URL(fileURLWithPath: path))
    }

    func read() throws -> [UInt64] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return data.withUnsafeBytes { bytes in
            (0..<Int(CALL_COUNT_WORDS)).map {
                bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)
            }
        }
    }
}

/// Reads, writes and discards of 4 KiB to 1 MiB, in an order that is the same each time.
private struct SizedRequests {
    private static let roomByteCount = 2 << 20

    private let file: MountedFile
    private let byteCount: Int
    private let room: UnsafeMutableRawBufferPointer
    private var random = SplitMix64(seed: 7)

    /// The memory stays: what is left of a test is little.
    init(_ file: MountedFile, byteCount: Int) throws {
        self.file = file
        self.byteCount = byteCount
        room = .allocate(byteCount: Self.roomByteCount, alignment: 4096)
        for page in 0..<Self.roomByteCount / 4096 {
            let content =
                page % 7 == 0
                ? PageContent.incompressible(UInt64(page)) : PageContent.compressible(UInt64(page))
            UnsafeMutableRawBufferPointer(rebasing: room[page * 4096..<(page + 1) * 4096])
                .copyBytes(from: content)
        }
    }

    mutating func run(count: Int) throws {
        for _ in 0..<count {
            let choice = random.next() % 200
            let pages = choice == 0 ? 256 : choice < 4 ? 128 : choice < 20 ? 8 : 1
            let limit = UInt64(byteCount / 4096 - pages + 1)
            let offset = Int(random.next() % limit) * 4096
            let source = Int(random.next() % 64) * 4096
            let part = UnsafeMutableRawBufferPointer(
                rebasing: room[source..<source + pages * 4096])
            switch random.next() % 16 {
            case 0: try file.allocate(3, at: offset, count: part.count)
            case 1..<8:
                let taken = try file.write(UnsafeRawBufferPointer(part), at: offset)
                try #require(taken == part.count)
            default: try #require(try file.read(into: part, at: offset) == part.count)
            }
        }
    }
}
