public import Backing
public import ZPool
public import ZswapCore

/// Why a setting was refused; the old value stays.
public enum SettingError: Error, Equatable, Sendable {
    /// No driver of that name.
    case unknownZpool(String)
    /// No compressor of that name.
    case unknownCompressor(String)
    /// No area of that name.
    case unknownArea(ByteText)
    /// The compressor of new pages does not have that level; `range` is what it has, nil for none.
    case noSuchLevel(Int, compressor: String, range: ClosedRange<Int>?)
    /// The driver could not make a pool.
    case poolFailed(ZpoolError)
    /// No memory for the store itself.
    case outOfMemory
    /// All 255 pool numbers are in use by the current pool and draining ones.
    case tooManyPools
    /// The path can't be the backing store.
    case backing(BackingError)
    /// The path was not opened in time.
    case backingNotOpened
    /// All numbers of backing stores are in use by stores that still have pages.
    case tooManyBackings
}
