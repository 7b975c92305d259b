import Arena
import Synchronization
import ZswapCore

/// A time in the arena: two words that change as one, so that whoever reads it while it is written
/// sees the old time or the new one.
struct ArenaTime {
    let arena: Arena
    /// A multiple of 16.
    let start: ArenaOffset

    func read() -> FileTime {
        let words = arena.loadPair(at: start)
        return FileTime(
            seconds: Int64(Int(bitPattern: words.first)), storedNanoseconds: UInt64(words.second))
    }

    func write(_ time: FileTime) {
        let words = WordPair(
            first: UInt(bitPattern: Int(time.seconds)), second: UInt(time.nanoseconds))
        _ = arena.exchangePair(words, at: start)
    }
}
