import Foundation
import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// The arena's memory goes back in pages of 4 KiB, under every setting of huge pages.
@Suite struct HugePageTests {
    @Test func theArenaHasNone() throws {
        let arena = try Arena(Arena.Configuration(capacityByteCount: 16 << 20))
        try arena.start()
        defer { arena.stop() }
        // Read to its end, since it pretends to be empty.
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
        let bytes = try #require(try file.readToEnd())
        let text = String(decoding: bytes, as: UTF8.self)
        let start = String(arena.mappingStart, radix: 16)
        let lines = text.split(separator: "\n").drop { !$0.hasPrefix("\(start)-") }
        let flags = try #require(lines.first { $0.hasPrefix("VmFlags:") })
        #expect(flags.split(separator: " ").contains("nh"), "\(flags)")
    }
}
