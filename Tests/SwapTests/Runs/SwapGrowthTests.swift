import Foundation
import LinuxSystem
import TestSupport
import Testing

/// One mount serves again and again: nothing is left over from one use to the next.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct SwapGrowthTests {
        static let roundCount = 10
        /// The most memory of a daemon besides the store, in bytes. Measured with two processors:
        /// 59 MiB, 22 of them shared libraries, 16 the ring's queues.
        static let byteCountMax = (48 + 10 * Machine.processorCount) << 20

        /// The memory between two uses.
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
                try mount.set("zpool", to: Zpools.names[(round + 1) % Zpools.names.count])
                try Self.use(mount)
                rests.append(try Self.rest(of: mount))
            }
            // The first rounds fill what is kept: the heap, the reserve.
            let (early, last) = (rests[2], rests[Self.roundCount - 1])
            print("the daemon besides its arena: \(rests[0].memory), then \(last.memory)")
            #expect(last.memory.besidesArena < Self.byteCountMax)
            #expect(last.memory.besidesArena <= early.memory.besidesArena + 64 << 10)
            // Leaves of page tables go when every worker has passed a quiescent point.
            let isGone = Patience.wait(milliseconds: 5000) {
                (try? mount.number("stats/metadata_size")).map { $0 <= early.metadataByteCount }
                    ?? false
            }
            #expect(isGone, "\(early.metadataByteCount) B, then \(last.metadataByteCount)")
            // What is free goes back some time after it became so.
            let reserveMax = early.reservedByteCount + 4 << 20
            let isBack = Patience.wait(milliseconds: 10_000) {
                (try? mount.number("stats/reserved_size")).map { $0 <= reserveMax } ?? false
            }
            #expect(isBack, "\(early.reservedByteCount) B, then \(last.reservedByteCount)")
            try mount.unmount()
        }

        private static func use(_ mount: SwapMount) throws {
            _ = try mount.swapOn("swap", megabyteCount: 64)
            let process = try SwappedProcess(
                megabyteCount: 24, pages: SamplePages(),
                in: MemoryGroup("roomy", limitByteCount: 1 << 30))
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
