import CLinux
import Glibc
public import Synchronization
public import Threads
public import ZswapCore

/// Reading and writing by offset. Every call checks the bounds; the caller makes sure that the
/// offset is its own.
extension Arena {
    @inlinable @inline(__always)
    func address(_ offset: ArenaOffset, byteCount: Int) -> UnsafeMutableRawPointer {
        invariant(offset.rawValue >= 0 && byteCount >= 0)
        invariant(offset.rawValue <= memory.byteCount - byteCount)
        return memory.base + offset.rawValue
    }

    /// The bytes at this offset. They may change under a reader when the object is freed meanwhile:
    /// a reader without a lock checks what it read.
    @_lifetime(borrow self)
    @inlinable public func bytes(at offset: ArenaOffset, count: Int) -> RawSpan {
        SchedulingPoint.reach(.bytes)
        // The mapping lives as long as the arena, which the span borrows.
        let span = RawSpan(
            _unsafeStart: UnsafeRawPointer(address(offset, byteCount: count)), byteCount: count)
        return _overrideLifetime(span, borrowing: self)
    }

    /// Whether any of these bytes lie in the mapping, where what was freed may be overwritten at
    /// any time.
    public func overlaps(_ bytes: RawSpan) -> Bool {
        let (start, end) = (mappingStart, mappingStart + UInt(memory.byteCount))
        return bytes.withUnsafeBytes { bytes in
            let first = UInt(bitPattern: bytes.baseAddress)
            return first < end && first + UInt(bytes.count) > start
        }
    }

    /// Prefetches these bytes into the processor's cache, without waiting. It reads nothing, so the
    /// bytes may be in use by any thread.
    public func prefetch(at offset: ArenaOffset, count: Int) {
        let start = address(offset, byteCount: count)
        var line = 0
        while line < count {
            clinux_prefetch(start + line)
            line += Self.cacheLineByteCount
        }
    }

    private static var cacheLineByteCount: Int { 64 }

    /// Copies `bytes` to this offset.
    public func write(_ bytes: RawSpan, at offset: ArenaOffset) {
        let target = address(offset, byteCount: bytes.byteCount)
        bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            memcpy(target, start, source.count)
        }
        noteChange()
    }

    /// Sets `count` bytes to zero.
    public func clear(at offset: ArenaOffset, count: Int) {
        memset(address(offset, byteCount: count), 0, count)
        noteChange()
    }

    /// In builds for tests: tells the configuration's `onChange` that the memory has changed.
    @inlinable @inline(__always)
    func noteChange() {
        #if DEBUG || INTERNAL_CHECKS
        onChange?()
        SchedulingPoint.reach(.word)
        #endif
    }

    /// Where the mapping starts in this process, to tell it from others in /proc/self/maps.
    public var mappingStart: UInt { UInt(bitPattern: memory.base) }

    /// The address of this offset, for drivers: good for `byteCount` bytes, as long as the arena
    /// lives.
    public func pointer(to offset: ArenaOffset, byteCount: Int) -> UnsafeMutableRawPointer {
        address(offset, byteCount: byteCount)
    }
}

/// Words and pairs of words that several threads share. Every function names its memory order:
/// loads acquire, stores release, read-modify-writes do both.
extension Arena {
    @inlinable @inline(__always)
    func word(_ offset: ArenaOffset) -> UnsafeMutablePointer<Atomic<UInt64>> {
        assert(offset.rawValue % 8 == 0)
        return address(offset, byteCount: 8).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    @inlinable @inline(__always)
    func halfWord(_ offset: ArenaOffset) -> UnsafeMutablePointer<Atomic<UInt32>> {
        assert(offset.rawValue % 4 == 0)
        return address(offset, byteCount: 4).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    @inlinable @inline(__always)
    func pair(_ offset: ArenaOffset) -> UnsafeMutablePointer<Atomic<WordPair>> {
        assert(offset.rawValue % 16 == 0)
        return address(offset, byteCount: 16).assumingMemoryBound(to: Atomic<WordPair>.self)
    }

    /// The word that is this field of the record at an offset.
    @inlinable
    public subscript(
        field: RecordField<UInt64>, of record: ArenaOffset
    ) -> UInt64 {
        get { loadWord(at: record + field) }
        set { storeWord(newValue, at: record + field) }
    }
    /// The half word that is this field of the record at an offset.
    @inlinable
    public subscript(
        field: RecordField<UInt32>, of record: ArenaOffset
    ) -> UInt32 {
        get { loadHalfWord(at: record + field) }
        set { storeHalfWord(newValue, at: record + field) }
    }

    /// The 64-bit word at this offset.
    @inlinable public func loadWord(at offset: ArenaOffset) -> UInt64 {
        SchedulingPoint.reach(.word)
        return word(offset).pointee.load(ordering: .acquiring)
    }
    /// Sets the 64-bit word at this offset.
    @inlinable public func storeWord(_ value: UInt64, at offset: ArenaOffset) {
        defer { noteChange() }
        word(offset).pointee.store(value, ordering: .releasing)
    }
    /// Adds to the 64-bit word at this offset, wrapping, and returns the new value.
    @discardableResult
    @inlinable public func addToWord(_ value: UInt64, at offset: ArenaOffset) -> UInt64 {
        defer { noteChange() }
        return word(offset).pointee.wrappingAdd(value, ordering: .acquiringAndReleasing).newValue
    }
    /// Adds to a 64-bit word that only the caller writes, wrapping; others read it whole. No locked
    /// instruction, and no order among other words.
    @inlinable public func addToOwnWord(_ value: UInt64, at offset: ArenaOffset) {
        let word = word(offset)
        word.pointee.store(word.pointee.load(ordering: .relaxed) &+ value, ordering: .relaxed)
    }
    /// Replaces the 64-bit word if it is `expected`; returns the old value.
    @inlinable public func compareExchangeWord(
        expected: UInt64, desired: UInt64, at offset: ArenaOffset
    ) -> (exchanged: Bool, original: UInt64) {
        defer { noteChange() }
        return word(offset).pointee.compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing)
    }

    /// The 32-bit word at this offset.
    @inlinable public func loadHalfWord(at offset: ArenaOffset) -> UInt32 {
        SchedulingPoint.reach(.word)
        return halfWord(offset).pointee.load(ordering: .acquiring)
    }
    /// Sets the 32-bit word at this offset.
    @inlinable public func storeHalfWord(_ value: UInt32, at offset: ArenaOffset) {
        defer { noteChange() }
        halfWord(offset).pointee.store(value, ordering: .releasing)
    }
    /// Replaces the 32-bit word and returns what was there.
    @inlinable public func exchangeHalfWord(_ value: UInt32, at offset: ArenaOffset) -> UInt32 {
        defer { noteChange() }
        return halfWord(offset).pointee.exchange(value, ordering: .acquiringAndReleasing)
    }
    /// Replaces the 32-bit word if it is `expected`; returns the old value.
    @inlinable public func compareExchangeHalfWord(
        expected: UInt32, desired: UInt32, at offset: ArenaOffset
    ) -> (exchanged: Bool, original: UInt32) {
        defer { noteChange() }
        return halfWord(offset).pointee.compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing)
    }

    /// The pair of 64-bit words at this offset, read as one.
    public func loadPair(at offset: ArenaOffset) -> WordPair {
        SchedulingPoint.reach(.word)
        // The standard library's load is a compareExchange, which waits for everything before it
        // and takes the cache line from all other readers.
        guard readsPairs else { return pair(offset).pointee.load(ordering: .acquiring) }
        let words = clinux_load_pair(address(offset, byteCount: 16))
        return WordPair(first: UInt(words.first), second: UInt(words.second))
    }
    /// Replaces the pair as one and returns what was there.
    @inlinable public func exchangePair(_ value: WordPair, at offset: ArenaOffset) -> WordPair {
        defer { noteChange() }
        return pair(offset).pointee.exchange(value, ordering: .acquiringAndReleasing)
    }
    /// Replaces the pair as one if it is `expected`.
    @inlinable public func compareExchangePair(
        expected: WordPair, desired: WordPair, at offset: ArenaOffset
    ) -> Bool {
        defer { noteChange() }
        return pair(offset).pointee.compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing
        ).exchanged
    }
}
