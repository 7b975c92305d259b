import Arena
import ControlTree
import LinuxSystem
import SwapStore
import Synchronization
import Threads
import ZswapCore

/// A thread that knows which loop devices stand on the areas of a mount, and how far the kernel
/// swaps to them: it looks every few seconds, and at once when asked.
///
///     serving thread:  an open area goes ── asks ──► waits for a look that begins now ──► EBUSY?
///     this thread:     rests ──────────────────────► looks: /sys, /proc/swaps ──► tells
///
/// Laws:
/// - No serving thread reads /proc/swaps: that takes locks of swapon and swapoff, and memory, and
///   either may have to wait for pages that a serving thread stores or loads. One that asks waits
///   for a bounded time, and then takes what was known last.
/// - No loop device is opened, and no filesystem asked: an open device stays attached for longer,
///   and a filesystem that hangs would take this thread along.
///
/// Price: nothing but an empty list while no area is open. Else an attribute of each attached loop
/// device, the mount table and /proc/swaps.
final class SwapWatch: Sendable {
    /// Between two looks unless a serving thread asks for one earlier.
    private static let intervalNanoseconds: Int64 = 3_000_000_000
    /// The longest that a serving thread waits for a look.
    private static let patienceNanoseconds: Int64 = 1_000_000_000

    private struct State {
        /// Looks that have begun.
        var begunCount: UInt64 = 0
        /// The last one that has ended.
        var ended: UInt64 = 0
        /// Slots of areas that were in use as swap then.
        var swapSlots: Set<Int> = []
        /// The filesystem; nil before it is mounted.
        var filesystem: DeviceNumber?
    }

    private let store: SwapStore
    private let facts: SharedFacts
    private let state = Mutex(State())
    private let isAsked = Atomic<Bool>(false)
    /// Rises with each look that ends.
    private let looks = FutexWord()
    private let thread = Mutex<BackgroundThread?>(nil)

    init(of store: SwapStore, tells facts: SharedFacts) {
        self.store = store
        self.facts = facts
    }

    /// Begins to look, once the store is mounted at this path. False when there is no thread.
    func start(at path: String) -> Bool {
        let mount = (try? MountTable.current())?.entries.last {
            ByteText($0.mountPoint) == ByteText(path)
        }
        state.withLock { $0.filesystem = mount?.device }
        let new = BackgroundThread(name: "zswapfs-watch") { [self] thread in
            while !thread.isStopping {
                look()
                thread.rest(nanoseconds: Self.intervalNanoseconds) {
                    isAsked.load(ordering: .acquiring)
                }
            }
        }
        guard new.start() else { return false }
        thread.withLock { $0 = new }
        return true
    }

    /// Ends the thread, if it was started.
    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    /// Whether the kernel swaps to this area now. For serving threads, and not for those that have
    /// to answer quickly.
    func isSwap(_ area: Area) -> Bool {
        lookNow()
        return state.withLock { $0.swapSlots.contains(area.slot) }
    }

    /// Waits for a look that begins after this call.
    func lookNow() {
        guard let thread = thread.withLock({ $0 }) else { return }
        let wanted = state.withLock { $0.begunCount + 1 }
        let deadline = MonotonicClock.nanoseconds + Self.patienceNanoseconds
        isAsked.store(true, ordering: .releasing)
        thread.wake()
        while true {
            let seen = looks.load()
            if state.withLock({ $0.ended >= wanted }) { return }
            let rest = deadline - MonotonicClock.nanoseconds
            guard rest > 0 else { return }
            looks.wait(while: seen, nanoseconds: rest)
        }
    }

    private func look() {
        isAsked.store(false, ordering: .sequentiallyConsistent)
        let (number, filesystem) = state.withLock { state in
            state.begunCount += 1
            return (state.begunCount, state.filesystem)
        }
        // A table that can't be read says nothing of any area.
        let found = filesystem.flatMap { try? devices(on: $0) }
        facts.set(devices: found ?? [])
        state.withLock { state in
            if let found { state.swapSlots = Set(found.filter { $0.use != nil }.map(\.slot)) }
            state.ended = number
        }
        looks.increment()
        looks.wakeAll()
    }

    /// Loop devices on areas here. The stored pages are counted before the used slots: those that
    /// come into use between the two make less stale.
    private func devices(on filesystem: DeviceNumber) throws -> [AreaDevice] {
        guard !store.openAreaReports.isEmpty else { return [] }
        let attached = LoopDevice.attached()
        guard !attached.isEmpty else { return [] }
        let mounts = try MountTable.current()
        let areas = store.openAreaReports
        let swaps = try SwapTable.current()
        return attached.flatMap { device in
            Self.areas(under: device, of: areas, on: filesystem, mounts).map { area in
                AreaDevice(
                    path: device.path, number: "\(device.number)", slot: area.slot,
                    use: swaps.entry(for: device).map { entry in
                        SwapUse(
                            usedPageCount: Int(clamping: entry.usedByteCount) / Page.byteCount,
                            storedPageCount: area.statistics.storedPageCount)
                    })
            }
        }
    }

    /// The area that the device stands on. If the path does not tell, all areas that it may be: an
    /// area that is kept without need is better than one that is lost.
    private static func areas(
        under device: LoopDevice, of areas: [AreaReport], on filesystem: DeviceNumber,
        _ mounts: MountTable
    ) -> [AreaReport] {
        guard let file = device.backing else { return [] }
        let claim = mounts.claim(of: filesystem, on: file)
        guard claim != .no else { return [] }
        let name = ByteText(file.name)
        let byteCount = device.byteCount
        return areas.filter { area in
            guard area.isLinked != file.isRemoved, area.name == name else {
                return false
            }
            guard claim != .sure || file.isRemoved else { return true }
            return byteCount <= area.attributes.size
                && area.attributes.size - byteCount < UInt64(Page.byteCount)
        }
    }
}
