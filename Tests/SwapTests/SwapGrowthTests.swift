import Foundation
import LinuxSystem
import TestSupport
import Testing

/// One mount serves again and again: nothing is left over from one use to the next.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(5)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct SwapGrowthTests {
        static let roundCount = 10
        /// What a daemon may take besides the store. Measured: 30 MiB, 22 of them shared libraries.
        static let byteCountMax = 48 << 20

        /// What is there between two uses.
        private struct Rest {
            let memory: DaemonMemory
            let metadataByteCount: Int
            let reservedByteCount: Int
        }

        @Test func nothingGrows() throws {
            let mount = try SwapMount("growth")
            var rests: [Rest] = []
            for round in 0..<Self.roundCount {
                // Each round leaves a pool behind, which has to go.
                try mount.set("zpool", to: round.isMultiple(of: 2) ? "zbud" : "zsmalloc")
                try Self.use(mount)
                rests.append(try Self.rest(of: mount))
            }
            // The first rounds fill what is kept: the heap, the reserve.
            let (early, last) = (rests[2], rests[Self.roundCount - 1])
            print("the daemon besides its arena: \(rests[0].memory), then \(last.memory)")
            #expect(last.memory.besidesArena < Self.byteCountMax)
            #expect(last.memory.besidesArena <= early.memory.besidesArena + 64 << 10)
            #expect(last.metadataByteCount <= early.metadataByteCount)
            #expect(last.reservedByteCount <= early.reservedByteCount + 4 << 20)
            try mount.unmount()
        }

        private static func use(_ mount: SwapMount) throws {
            _ = try mount.swapOn("swap", megabyteCount: 64)
            let process = try SwappedProcess(megabyteCount: 24, pages: SamplePages(), in: nil)
            #expect(try process.pageOut() > 18 << 20)
            #expect(try process.check().wrongPages.isEmpty)
            let share = mount.share(ofByteCount: 18 << 20)
            #expect(try mount.number("stats/stored_pages") << 12 > share)
            process.end()
            try mount.swapOff("swap")
        }

        /// Waits for the frames to go back, and looks.
        private static func rest(of mount: SwapMount) throws -> Rest {
            #expect(try mount.number("stats/stored_pages") == 1)
            let isSmall = Patience.wait(milliseconds: 5000) {
                (try? mount.number("stats/pool_total_size")).map { $0 <= 8 << 12 } ?? true
            }
            #expect(isSmall, "pools without pages keep frames")
            return Rest(
                memory: try DaemonMemory(of: mount.identifier),
                metadataByteCount: try mount.number("stats/metadata_size"),
                reservedByteCount: try mount.number("stats/reserved_size"))
        }
    }
}
