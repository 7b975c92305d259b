import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

@testable import ZswapfsCommand

/// The helper that later tests trust: it must really be swapped out, and see a wrong byte.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(
            if: SwapHost.canSwap && MemoryGroup.canBeMade && SwapHost.has("python3"),
            "needs CAP_SYS_ADMIN, loop devices, a memory cgroup and python3"),
        .enabled(
            if: (try? SwapTable.current().entries.isEmpty) == true,
            "needs a machine that swaps to nothing else: other programs' pages would come here too")
    )
    struct SwappedProcessTests {
        private static let megabyteCount = 48

        @Test func isSwappedOutAndSeesWrongBytes() throws {
            let file = TemporaryFile("swapped")
            var options = SwapOptions()
            options.byteCount = 128 << 20
            // Above what the machine may swap to already, so that the pages come here.
            options.priority = 32767
            _ = try SwapDevice.turnOn(path: file.path, label: "", options)
            defer { #expect(throws: Never.self) { try SwapDevice.turnOff(path: file.path) } }

            let group = try MemoryGroup("process", limitByteCount: 24 << 20)
            let process = try SwappedProcess(
                megabyteCount: Self.megabyteCount, pages: SamplePages(), in: group)
            #expect(try process.swappedByteCount() > 20 << 20)
            #expect(try group.swappedByteCount() > 20 << 20)
            let report = try process.check()
            #expect(report.wrongPages.isEmpty)
            #expect(report.swappedByteCount > 20 << 20)

            try process.spoil(page: 4711)
            #expect(try process.check().wrongPages == [4711])
            try process.spoil(page: 4711)

            let spoiled = try Self.spoilPages(of: process, in: file.path)
            #expect(!spoiled.isEmpty)
            let found = Set(try process.check().wrongPages)
            #expect(!found.isEmpty, "wrong bytes on the swap device went unseen")
            #expect(found.isSubset(of: spoiled))
        }

        /// Changes a byte in every page on the device that bears the stamp of one of the first
        /// 2000.
        private static func spoilPages(
            of process: SwappedProcess, in path: String
        ) throws -> Set<Int> {
            var stamps: [UInt64: Int] = [:]
            for number in 0..<2000 {
                stamps[process.stamp(page: number)] = number
            }
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            var spoiled: Set<Int> = []
            for offset in stride(from: UInt64(4096), to: 128 << 20, by: 4096) {
                try handle.seek(toOffset: offset)
                guard let page = try handle.read(upToCount: 4096), page.count == 4096 else { break }
                let stamp = page.prefix(8).littleEndianWord
                guard let number = stamps[stamp] else { continue }
                try handle.seek(toOffset: offset + 99)
                try handle.write(contentsOf: Data([page[page.startIndex + 99] ^ 1]))
                spoiled.insert(number)
            }
            try handle.synchronize()
            return spoiled
        }
    }
}
