import Arena
public import Backing
import Synchronization
import Threads
import ZswapCore

/// The choice of the backing store.
extension SwapStore {
    /// Opens what a path names, to be the backing store.
    public typealias OpenBacking =
        @Sendable (String) throws(BackingError) -> any BackingDevice

    /// The path of the backing store; nil: none.
    public var backingPath: String? {
        control.withLock { $0.backings[$0.state.currentBacking]?.device.path }
    }

    /// Pages are written back to this file or block device from now on; nil: to none. Pages written
    /// earlier stay where they are and can be read; a backing store is closed after its last page
    /// is freed. If the path is that of a store that still has pages, that store is used again; one
    /// that failed is tried again. Throws `backing`, `backingNotOpened`, `tooManyBackings`; then
    /// nothing has changed.
    public func setBacking(path: String?) throws(SettingError) {
        releaseDrained()
        guard let path else {
            control.withLock { choose(0, &$0) }
            return noteBacking()
        }
        let end = MonotonicClock.nanoseconds + BackingOpening.waitNanosecondsMax
        let pause = FutexWord()
        while true {
            switch control.withLock({ takeKnown(path, &$0) }) {
            case .taken: return noteBacking()
            case .unknown: return try take(try openLog(at: path))
            case .closing: break
            }
            // The store holds its file lock until it is closed.
            guard MonotonicClock.nanoseconds < end else { throw .backingNotOpened }
            pause.wait(while: pause.load(), nanoseconds: Self.closingPauseNanoseconds)
        }
    }

    private static let closingPauseNanoseconds: Int64 = 1_000_000

    /// Whether the store knows a path.
    private enum KnownBacking { case taken, closing, unknown }

    /// Takes a backing store that still has pages, or takes back one that was about to be closed:
    /// no page and no other store has its number.
    private func takeKnown(_ path: String, _ control: inout StoreControl) -> KnownBacking {
        let name = ByteText(path)
        let known = control.backings.firstIndex { $0.map { ByteText($0.device.path) } == name }
        if let number = known {
            choose(number, &control)
            return .taken
        }
        let leaving = control.leavingBackings.firstIndex { ByteText($0.log.device.path) == name }
        if let index = leaving {
            let leaving = control.leavingBackings.remove(at: index)
            control.backings[leaving.number] = leaving.log
            choose(leaving.number, &control)
            return .taken
        }
        return control.closingBackings.contains(name) ? .closing : .unknown
    }

    /// The same with a device that is open already.
    public func setBacking(_ device: any BackingDevice) throws(SettingError) {
        let log: BackingLog
        do {
            log = try BackingLog(on: device)
        } catch {
            throw .backing(error)
        }
        try take(log)
    }

    private func take(_ log: BackingLog) throws(SettingError) {
        guard currentObserver?.prepareBacking() ?? true else { throw .outOfMemory }
        let isTaken = control.withLock { control -> Bool in
            guard let free = control.freeBackingNumber else { return false }
            bequeath(log, free)
            control.backings[free] = log
            choose(free, &control)
            return true
        }
        guard isTaken else { throw .tooManyBackings }
        noteBacking()
    }

    /// Gives the descriptors of a backing store to the heirloom, before an entry can name it.
    func bequeath(_ log: BackingLog, _ number: Int) {
        guard let heirloom, let device = log.device.descriptor,
            let segments = log.segmentsDescriptor
        else { return }
        heirloom.keep(device, Heirloom.device(ofBacking: number))
        heirloom.keep(segments, Heirloom.segments(ofBacking: number))
    }

    private func choose(_ number: Int, _ control: inout StoreControl) {
        publish(&control, backing: number)
        control.backingSwitchEpoch = arena.quiescence.advance()
    }

    /// Updates the obstacle after a backing store or the write-back thread came or went, and wakes
    /// the thread.
    package func noteBacking() {
        updateObstacle()
        roomRequests.wake()
    }

    /// Sets the obstacle by the current backing store. In the lock, so that a look at the settings
    /// before a change never replaces what was set after it.
    package func updateObstacle() {
        control.withLock { control in
            let obstacle: RoomRequests.Obstacle? = roomRequests.isServed ? nil : .noThread
            let isThere = control.backings[control.state.currentBacking] != nil
            roomRequests.set(isThere ? obstacle : .noBacking)
        }
    }

    /// Opens and prepares it. May wait for filesystems and disks, and so is not done here.
    private func openLog(at path: String) throws(SettingError) -> BackingLog {
        let openBacking = openBacking
        let log: BackingLog?
        do {
            log = try BackingOpening.wait { () throws(BackingError) in
                try BackingLog(on: try openBacking(path))
            }
        } catch {
            throw .backing(error)
        }
        guard let log else { throw .backingNotOpened }
        return log
    }

    /// Closes backing stores that no request can use any more, outside of the lock and in a thread
    /// of its own: closing may wait for a filesystem. Until then ``setBacking(path:)`` waits for
    /// their paths.
    func closeBackings() {
        let closed = control.withLock { control -> [BackingLog] in
            let passed = control.leavingBackings.filter { quiescence.hasPassed($0.epoch) }
            control.leavingBackings.removeAll { leaving in
                passed.contains { $0.log === leaving.log }
            }
            control.closingBackings += passed.map { ByteText($0.log.device.path) }
            for leaving in passed {
                heirloom?.drop(Heirloom.device(ofBacking: leaving.number))
                heirloom?.drop(Heirloom.segments(ofBacking: leaving.number))
            }
            return passed.map(\.log)
        }
        guard !closed.isEmpty else { return }
        let close = { @Sendable [self] in
            for log in closed {
                log.device.close()
                control.withLock { control in
                    let path = ByteText(log.device.path)
                    guard let index = control.closingBackings.firstIndex(of: path) else { return }
                    control.closingBackings.remove(at: index)
                }
            }
        }
        if !BackgroundThread.detach(name: "zswapfs-close", close) { close() }
    }

    /// Drops backing stores that have no page any more. True while one is draining or being closed.
    func letBackingsGo(_ control: inout StoreControl) -> Bool {
        guard arena.quiescence.hasPassed(control.backingSwitchEpoch) else { return true }
        let drained = control.backings.indices.filter { number in
            number != control.state.currentBacking && control.backingHoldCounts[number] == 0
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
        return isDraining || !control.leavingBackings.isEmpty || !control.closingBackings.isEmpty
    }

    /// Reports of the backing stores: the current one first, then those that still have pages.
    public var backings: [StoreBacking] {
        let (logs, current) = control.withLock { ($0.backings, $0.state.currentBacking) }
        let obstacle = roomRequests.obstacle
        let all = logs.enumerated().compactMap { number, log in
            log.map { StoreBacking($0, isCurrent: number == current, obstacle: obstacle) }
        }
        return all.filter(\.isCurrent) + all.filter { !$0.isCurrent }
    }
}

extension StoreControl {
    /// Holds the backing store of this number, if there is one.
    mutating func holdBacking(_ number: Int) -> BackingLog? {
        guard backings.indices.contains(number), let log = backings[number] else { return nil }
        backingHoldCounts[number] += 1
        return log
    }

    /// A number that no backing store has, in any state that a worker may hold.
    var freeBackingNumber: Int? {
        (1..<Limits.backingsMax).first { number in
            backings[number] == nil && !leavingBackings.contains { $0.number == number }
        }
    }
}
