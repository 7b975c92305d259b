import Synchronization

/// The time of the last allocation in a zspage, on a clock of its pool.
///
///     clock    41           42                             43
///     stamps   A opened     B opened, A allocated into     C opened, or back from reclaim
///
/// Law: within a size class stamps never fall from the LRU list's tail to its head. Of two classes'
/// zspages the one with the older stamp was allocated into earlier; equal stamps say nothing.
/// Price: 4 bytes a zspage; a read of the clock at each malloc, a write only where a zspage is
/// opened. It wraps: a zspage left alone while 2^31 others were opened counts as young.
struct ZspageStamp: Equatable {
    let rawValue: UInt32

    @inline(__always)
    init(rawValue: UInt32) { self.rawValue = rawValue }

    func isOlder(than other: ZspageStamp) -> Bool {
        Int32(bitPattern: rawValue &- other.rawValue) < 0
    }
}

/// The clock that the zspages of a pool are stamped by.
struct ZspageClock: ~Copyable {
    private let value = Atomic<UInt32>(0)

    /// The present stamp. Read with the zspage's class locked: then stamps of a class never fall.
    @inline(__always)
    var now: ZspageStamp { ZspageStamp(rawValue: value.load(ordering: .relaxed)) }

    /// Advances the clock by one and returns the new stamp.
    @discardableResult
    func tick() -> ZspageStamp {
        ZspageStamp(rawValue: value.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}
