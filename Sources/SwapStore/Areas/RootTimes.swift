import Threads
public import ZswapCore

/// The file times of the root directory. Creating, unlinking and renaming areas updates them, and a
/// user may set them.
public struct RootTimes: Equatable, Sendable {
    /// Last set by a user.
    public var accessed: FileTime
    /// Last change of the names, or set by a user.
    public var modified: FileTime
    /// Last change of the names or of a time.
    public var changed: FileTime

    /// These times.
    public init(accessed: FileTime, modified: FileTime, changed: FileTime) {
        self.accessed = accessed
        self.modified = modified
        self.changed = changed
    }
}

extension SwapStore {
    /// The times that `stat` of the root directory shows.
    public var rootTimes: RootTimes {
        RootTimes(
            accessed: record.rootTime(.accessed).read(),
            modified: record.rootTime(.modified).read(), changed: record.rootTime(.changed).read())
    }

    /// Sets times of the root directory; nil leaves one as it is.
    public func setRootTimes(accessed: FileTime?, modified: FileTime?) {
        if let accessed { record.rootTime(.accessed).write(accessed) }
        if let modified { record.rootTime(.modified).write(modified) }
        record.rootTime(.changed).write(WallClock.now())
    }

    /// A name appeared, went or changed.
    func noteNamesChanged() {
        let now = WallClock.now()
        record.rootTime(.modified).write(now)
        record.rootTime(.changed).write(now)
    }

    /// The time that a change made now is stamped with.
    public var fileTime: FileTime { WallClock.now() }
}
