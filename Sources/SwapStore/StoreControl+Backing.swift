import Arena
public import Backing
import Synchronization
import ZswapCore

/// Which file or device pages leave for.
extension SwapStore {
    /// Opens what a path names, to be the backing store.
    public typealias OpenBacking =
        @Sendable (String) throws(BackingError) -> any BackingDevice

    /// The path of the backing store; nil: none.
    public var backingPath: String? {
        control.withLock { $0.backings[$0.state.currentBacking]?.device.path }
    }

    /// Pages leave for this file or block device from now on; nil: for none. Pages that left before
    /// stay where they are and can be read; a backing store is closed after its last page. One that
    /// still has pages is taken again when its path is given, and one that failed is tried again.
    /// Throws `backing`, `backingNotOpened`, `tooManyBackings`; then nothing has changed.
    public func setBacking(path: String?) throws(SettingError) {
        housekeep()
        let isKnown = control.withLock { control -> Bool in
            guard let path else {
                choose(0, &control)
                return true
            }
            guard let number = control.backings.firstIndex(where: { $0?.device.path == path })
            else { return false }
            choose(number, &control)
            return true
        }
        guard !isKnown, let path else { return noteBacking() }
        try take(try openLog(at: path))
    }

    /// The same with a device that is open already.
    public func setBacking(_ device: any BackingDevice) throws(SettingError) {
        do {
            try take(try BackingLog(on: device))
        } catch let error as BackingError {
            throw .backing(error)
        } catch {
            throw .tooManyBackings
        }
    }

    private func take(_ log: BackingLog) throws(SettingError) {
        let isTaken = control.withLock { control -> Bool in
            guard let free = control.freeBackingNumber else { return false }
            control.backings[free] = log
            choose(free, &control)
            return true
        }
        guard isTaken else { throw .tooManyBackings }
        noteBacking()
    }

    private func choose(_ number: Int, _ control: inout StoreControl) {
        publish(&control, backing: number)
        control.backingSwitchEpoch = arena.quiescence.advance()
    }

    /// Backing stores may have begun or ceased to be there.
    private func noteBacking() {
        let obstacle: WriteBackDesk.Obstacle? = desk.isServed ? nil : .noThread
        desk.set(backingPath == nil ? .noBacking : obstacle)
        desk.ring()
    }

    private func openLog(at path: String) throws(SettingError) -> BackingLog {
        guard desk.isServed else {
            do {
                return try makeLog(at: path)
            } catch {
                throw .backing(error)
            }
        }
        let opening = BackingOpening(path)
        desk.openings.withLock { $0.append(opening) }
        desk.ring()
        guard let result = opening.wait() else { throw .backingNotOpened }
        do {
            return try result.get()
        } catch {
            throw .backing(error)
        }
    }

    /// Opens and prepares it. May wait for filesystems and disks.
    func makeLog(at path: String) throws(BackingError) -> BackingLog {
        try BackingLog(on: try openBacking(path))
    }

    /// For the write-back thread: the backing store in force, which stays there until
    /// ``endWriteBack()``.
    func beginWriteBack() -> (log: BackingLog, number: Int)? {
        control.withLock { control in
            let number = control.state.currentBacking
            control.backingInUse = number
            return control.backings[number].map { ($0, number) }
        }
    }

    func endWriteBack() { control.withLock { $0.backingInUse = 0 } }

    /// Lets backing stores go that have no page any more. True while one is on its way out.
    func letBackingsGo(_ control: inout StoreControl) -> Bool {
        control.leavingBackings.removeAll { arena.quiescence.hasPassed($0.epoch) }
        guard arena.quiescence.hasPassed(control.backingSwitchEpoch) else { return true }
        let drained = control.backings.indices.filter { number in
            number != control.state.currentBacking && number != control.backingInUse
                && control.backings[number]?.isEmpty == true
        }
        if !drained.isEmpty {
            let logs = drained.map { control.backings[$0] }
            for number in drained { control.backings[number] = nil }
            publish(&control)
            let epoch = arena.quiescence.advance()
            control.leavingBackings += zip(logs, drained).compactMap { log, number in
                log.map { ($0, number, epoch) }
            }
        }
        let isDraining = control.backings.indices.contains {
            $0 != control.state.currentBacking && control.backings[$0] != nil
        }
        return isDraining || !control.leavingBackings.isEmpty
    }

    /// What can be said of the backing stores: the one in force first, then those that still have
    /// pages.
    public var backings: [StoreBacking] {
        let (logs, current) = control.withLock { ($0.backings, $0.state.currentBacking) }
        let all = logs.enumerated().compactMap { number, log in
            log.map { StoreBacking($0, isCurrent: number == current, desk) }
        }
        return all.filter(\.isCurrent) + all.filter { !$0.isCurrent }
    }
}

extension StoreControl {
    /// A number that no backing store has, in any state that a worker may hold.
    var freeBackingNumber: Int? {
        (1..<Limits.backingsMax).first { number in
            backings[number] == nil && !leavingBackings.contains { $0.number == number }
        }
    }
}
