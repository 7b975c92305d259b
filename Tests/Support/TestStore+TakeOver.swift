public import Arena
public import Backing
import CLinux
import Glibc
public import SwapStore
import ZPool

/// A store whose process is gone, and the one that goes on with what it left.
extension TestStore {
    /// A copy of an arena's memory as it is at this moment: what a process that is killed now
    /// leaves. The original may be used, and may end, as it likes.
    public static func memory(leftBy arena: Arena) throws -> CInt {
        let source = arena.fileDescriptor
        let length = try SystemCall.run("lseek") { lseek(source, 0, SEEK_END) }
        let copy = try SystemCall.run("memfd_create") { clinux_memfd_create("zswapfs-test-copy") }
        try SystemCall.run("ftruncate") { ftruncate(copy, length) }
        var start = lseek(source, 0, CInt(SEEK_DATA))
        while start >= 0, start < length {
            let end = lseek(source, start, CInt(SEEK_HOLE))
            var offset = start
            lseek(copy, start, SEEK_SET)
            while offset < end {
                try SystemCall.run("sendfile") { sendfile(copy, source, &offset, end - offset) }
            }
            start = lseek(source, end, CInt(SEEK_DATA))
        }
        return copy
    }

    /// The store that a successor finds in this memory, whose descriptor it takes over; `backings`
    /// are those that entries name by number.
    public convenience init(
        takingOver descriptor: CInt, from other: TestStore, backings: [Int: BackingLog] = [:],
        openBacking: SwapStore.OpenBacking? = nil
    ) throws {
        let arena = try Arena(reopening: descriptor, configuration: other.arenaConfiguration)
        var settings = SwapStore.Configuration(totalByteCount: other.totalByteCount)
        settings.tunables = other.store.tunables
        settings.pool.chainLength = other.store.chainLength
        if let openBacking { settings.openBacking = openBacking }
        let (store, report) = try SwapStore.takingOver(
            arena, zpools: .standard(), compressors: other.compressors, configuration: settings,
            backings: backings)
        try arena.start()
        try self.init(store, in: arena, report, like: other)
    }
}
