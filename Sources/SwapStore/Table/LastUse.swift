import ZswapCore

/// When a page was last used and how, in the sixteen bits that an entry has for it.
///
///     how 2 bits | scale 1 bit | time 13 bits        fine: seconds        coarse: 64 seconds
///                                                    |---- 2.2 h ----|----- six days -----|
///
/// Time is that of ``StoreClock``, of which the lowest 13 bits are kept: in seconds, or, for what
/// lies back longer, in units of 64 seconds.
///
/// Laws:
/// - An age is right as long as a sweep replaces each use by its ``aged(at:)`` at least every
///   ``sweepSecondsMax`` seconds: otherwise the time wraps around and an old page looks new. Ages
///   saturate at ``ageSecondsMax``.
/// - A worker judges by the second its request began in, so another worker may have used the page
///   later. A use that lies ahead by at most ``futureSecondsMax`` seconds has the age 0: by the
///   first law no age can fall into that part of the range of times.
/// Price: no byte; a load writes its entry at most once a second.
package struct LastUse: Equatable {
    /// How a page was used.
    package enum How: UInt64 {
        /// Stored, and never loaded since.
        case stored = 0
        /// Loaded since it was stored: its reader, usually the kernel, has a copy.
        case loaded = 1
        /// Loaded in different seconds: no copy seems to last.
        case loadedAgain = 2
        /// Taken only to be written to the backing store.
        case passing = 3
    }

    private static let timeBitCount: UInt64 = 13
    private static let timeMask: UInt64 = 1 << timeBitCount - 1
    private static let coarseShift: UInt64 = 6
    /// Seconds after which a fine time becomes a coarse one.
    private static let fineSecondsMax: UInt64 = 3600
    /// The largest age, in coarse units; the rest up to 8192 is for the time until the next sweep.
    private static let coarseUnitsMax: UInt64 = 6144

    /// Ages end here: four and a half days.
    package static let ageSecondsMax = Int(coarseUnitsMax << coarseShift)
    /// Seconds between two sweeps at most: a fine time may grow by this beyond ``fineSecondsMax``.
    package static let sweepSecondsMax = 4000
    /// Seconds that a use may lie ahead of the worker that looks at it.
    static let futureSecondsMax =
        Int(timeMask) - Int(fineSecondsMax) - sweepSecondsMax
    /// The largest age of a time in each scale, in its own units, with what it grows between two
    /// sweeps; times beyond that lie ahead.
    private static let fineAgeMax = fineSecondsMax + UInt64(sweepSecondsMax)
    private static let coarseAgeMax = coarseUnitsMax + UInt64(sweepSecondsMax) >> coarseShift + 1

    /// How the page was used.
    package let how: How
    private let isCoarse: Bool
    private let time: UInt64

    private init(_ how: How, isCoarse: Bool, time: UInt64) {
        self.how = how
        self.isCoarse = isCoarse
        self.time = time & Self.timeMask
    }

    /// A use now; `seconds` is the clock's.
    package init(_ how: How, at seconds: UInt64) { self.init(how, isCoarse: false, time: seconds) }

    /// Seconds since the use; of a coarse time up to 63 too many or too few. 0 for one that lies
    /// ahead.
    package func ageSeconds(at seconds: UInt64) -> Int {
        let shift = isCoarse ? Self.coarseShift : 0
        return Int((age(at: seconds) ?? 0) << shift)
    }

    /// The age in units of its scale; nil: the use lies ahead. The one place that subtracts times.
    private func age(at seconds: UInt64) -> UInt64? {
        let now = isCoarse ? seconds >> Self.coarseShift : seconds
        let age = (now &- time) & Self.timeMask
        return age <= (isCoarse ? Self.coarseAgeMax : Self.fineAgeMax) ? age : nil
    }

    /// The same use after a load now; nil when nothing changes, as for another load in the same
    /// second. A time that lies ahead stays: a use never makes a page older.
    func loaded(at seconds: UInt64) -> LastUse? {
        let next: How
        switch how {
        case .stored: next = .loaded
        case .loaded, .loadedAgain:
            guard ageSeconds(at: seconds) > 0 else { return nil }
            next = .loadedAgain
        case .passing: return nil
        }
        guard age(at: seconds) != nil else {
            return LastUse(next, isCoarse: isCoarse, time: time)
        }
        return LastUse(next, at: seconds)
    }

    /// The same use in the scale that its age asks for; nil when it has that already.
    package func aged(at seconds: UInt64) -> LastUse? {
        let age = UInt64(ageSeconds(at: seconds))
        let now = seconds >> Self.coarseShift
        if isCoarse {
            guard age > Self.coarseUnitsMax << Self.coarseShift else { return nil }
            return LastUse(how, isCoarse: true, time: now &- Self.coarseUnitsMax)
        }
        guard age > Self.fineSecondsMax else { return nil }
        return LastUse(how, isCoarse: true, time: (seconds &- age) >> Self.coarseShift)
    }
}

/// The sixteen bits, in two parts: the time in front of a handle, the rest in front of a length.
extension LastUse {
    var timeBits: UInt64 { time }
    var howBits: UInt64 { how.rawValue | (isCoarse ? 4 : 0) }

    init(timeBits: UInt64, howBits: UInt64) {
        guard let how = How(rawValue: howBits & 3) else {
            unreachable("two bits have four values")
        }
        self.init(how, isCoarse: howBits & 4 != 0, time: timeBits)
    }
}
