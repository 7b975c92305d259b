import Arena
import Synchronization
import ZswapCore

/// A file time in the arena: 16 bytes, the seconds and the nanoseconds.
///
/// Law: both words are read and replaced as one, so that no reader sees half of a change.
/// Price: a load; a change is one locked instruction.
struct ArenaTime {
    static let byteCount = 16

    let arena: Arena
    let start: ArenaOffset

    func read() -> FileTime {
        let pair = arena.loadPair(at: start)
        return FileTime(
            seconds: Int64(bitPattern: UInt64(pair.first)), storedNanoseconds: UInt64(pair.second))
    }

    /// Nothing is written when it is that time already: most writes to a file come within one tick
    /// of the clock.
    func write(_ time: FileTime) {
        guard read() != time else { return }
        _ = arena.exchangePair(
            WordPair(
                first: UInt(UInt64(bitPattern: time.seconds)), second: UInt(time.nanoseconds)),
            at: start)
    }
}
