import Foundation
import TestSupport
import Testing

/// A store that has no more room: pages are refused, and nothing that it holds is lost.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct FullPoolTests {
        private let page = 4096

        @Test func atZeroPercentOnlySameFilledPagesAreTaken() throws {
            let mount = try TemporaryMount()
            let file = try mount.open("area")
            let old = PageContent.compressible(1)
            try file.write(old, at: 0)
            try mount.set("params/max_pool_percent", "0")
            let new = PageContent.compressible(2)
            #expect(SystemCall.errno { try file.write(new, at: 0) } == ENOSPC)
            #expect(SystemCall.errno { try file.write(new, at: page) } == ENOSPC)
            #expect(try file.size == page, "a refused write makes nothing longer")
            #expect(try file.read(at: 0, count: page) == old)
            let word = [UInt8](repeating: 0x5a, count: page)
            #expect(try file.write(word, at: page) == page)
            #expect(try file.read(at: page, count: page) == word)
            // One request: taken up to the first page that is refused.
            #expect(try file.write(word + word + new + word, at: 10 * page) == 2 * page)
            #expect(try file.size == 12 * page)
            #expect(try mount.number("stats/reject_reclaim_fail") >= 3)
            #expect(try mount.number("stats/failed_writes") >= 2)
            try mount.set("params/max_pool_percent", "20")
            #expect(try file.write(new, at: 0) == page)
            #expect(try file.read(at: 0, count: page) == new)
        }

        @Test func aRefusedPartOfAPageLeavesThePage() throws {
            let mount = try TemporaryMount()
            let file = try mount.open("area")
            let old = PageContent.compressible(1)
            try file.write(old + old, at: 0)
            try mount.set("params/max_pool_percent", "0")
            #expect(SystemCall.errno { try file.write([1, 2, 3], at: 100) } == ENOSPC)
            #expect(SystemCall.errno { try file.write([1, 2, 3], at: page - 1) } == ENOSPC)
            #expect(try file.read(at: 0, count: 2 * page) == old + old)
            // Giving memory back is never refused, not even where a page has to be cleared in part.
            try file.allocate(
                MountedFile.punchHole | MountedFile.keepSize, at: 100, count: page)
            #expect(
                try file.read(at: 0, count: 2 * page)
                    == old[..<100] + [UInt8](repeating: 0, count: page) + old[100...])
            try file.truncate(to: 50)
            try file.truncate(to: page)
            #expect(try file.read(at: 0, count: page)[50...].allSatisfy { $0 == 0 })
        }

        /// Fills until the first refusal; returns the number of pages taken.
        private func fill(_ file: MountedFile, pageCountMax: Int) throws -> (Int, CInt) {
            for number in 0..<pageCountMax {
                do {
                    try file.write(
                        PageContent.incompressible(UInt64(number)), at: number * page)
                } catch {
                    return (number, error.errno)
                }
            }
            return (pageCountMax, 0)
        }

        @Test(arguments: Zpools.names)
        func aSmallArenaFillsUpAndComesBack(zpool: String) throws {
            let mount = try TemporaryMount("arena=16M", "zpool=\(zpool)")
            let file = try mount.open("area")
            let (count, error) = try fill(file, pageCountMax: 8192)
            #expect(error == ENOSPC)
            #expect(count > 1000, "only \(count) pages went into 16 MiB")
            for number in stride(from: 0, to: count, by: 7) {
                let bytes = try file.read(at: number * page, count: page)
                #expect(bytes == PageContent.incompressible(UInt64(number)), "page \(number)")
            }
            #expect(try mount.number("stats/reject_alloc_fail") > 0)
            #expect(try file.write([UInt8](repeating: 3, count: page), at: 0) == page)
            // Discarded, then unlinked: both times the room is there again.
            try file.allocate(
                MountedFile.punchHole | MountedFile.keepSize, at: 0, count: count * page)
            #expect(try mount.number("stats/stored_pages") == 0)
            let (again, _) = try fill(file, pageCountMax: count / 2)
            #expect(again == count / 2)
            try SystemCall.remove(mount.path("area"))
            try file.close()
            usleep(200_000)
            let (last, _) = try fill(try mount.open("other"), pageCountMax: count / 2)
            #expect(last == count / 2)
        }

        @Test func aDisabledStoreTakesNothing() throws {
            let mount = try TemporaryMount()
            let file = try mount.open("area")
            try file.write([1, 2, 3], at: 0)
            try mount.set("params/enabled", "N")
            #expect(SystemCall.errno { try file.write([4], at: 0) } == EROFS)
            #expect(try file.read(at: 0, count: 9) == [1, 2, 3])
            try mount.set("params/enabled", "Y")
            try mount.set("params/non_same_filled_pages_enabled", "N")
            #expect(
                SystemCall.errno {
                    try file.write(PageContent.compressible(1), at: page)
                } == ENOSPC)
            #expect(try file.write([UInt8](repeating: 1, count: page), at: page) == page)
        }
    }
}
