/// Every bound of the project, each with where it comes from.
public enum Limits {
    /// Longest run of frames a driver may ask for: the largest zsmalloc chain
    /// (`CONFIG_ZSMALLOC_CHAIN_SIZE`).
    public static let runFrameCountMax = 16

    /// zsmalloc's chain length: the kernel's range and default.
    public static let chainLengths = 4...16
    /// The chain length when none is asked for.
    public static let chainLengthDefault = 8

    /// Most pages that may be asked to be verified in a second: 4 GB/s, more than a thread does.
    public static let scrubPagesPerSecondMax = 1_000_000

    /// Seconds without a use after which a page may be asked to count as cold: ages of pages end
    /// half a day later.
    public static let coldSeconds = 1...4 * 24 * 60 * 60

    /// Threads that may serve pages at once: a frame of counters an area holds 64 bytes for each.
    public static let workersMax = Page.byteCount / 64

    /// Areas at once. An area's index takes 24 bits of an object's owner; far fewer make sense.
    public static let areasMax = 4096

    /// Largest area: the swap header counts pages in 32 bits.
    public static let areaByteCountMax: UInt64 = 1 << 44
    /// Pages in the largest area.
    public static let areaPageCountMax = areaByteCountMax >> UInt64(Page.shift)

    /// Longest area name in bytes (NAME_MAX).
    public static let areaNameByteCountMax = 255

    /// Compressors known to one store: an entry names its compressor in 5 bits.
    public static let compressorsMax = 32

    /// Pools alive at once, the current one and draining ones: an entry names its pool in 8 bits.
    public static let poolsMax = 256

    /// Largest limit of the pools in bytes: beyond the memory of any machine that this runs on.
    public static let poolsByteCountMax: UInt64 = 1 << 44

    /// Largest part of a backing device that is used. A location of 48 bits would reach further;
    /// what is known of each segment in memory, 128 MiB for this, should not.
    public static let backingByteCountMax: UInt64 = 1 << 44

    /// Backing stores alive at once, by the number that entries know them by: the one that pages go
    /// to and those that pages are still on. 0 is none. Each costs a worker eight bytes of state.
    public static let backingsMax = 16

    /// Compressed bytes of a page are counted in 13 bits: 1 to 4096.
    public static let storedByteCountMax = Page.byteCount
}
