import LinuxSystem
import Logging
import SwapStore
import ZswapCore

/// Keeps the pools within what the daemon's memory groups leave it.
///
///     limit of a group - usage of the group + the pools  ─► the store's limit, once a second
///
/// Law: for the daemon's main thread only. The grower looks at the same groups before each commit,
/// so a late look refuses pages and never lets too many in.
struct GroupWatch {
    /// Between two looks.
    private static let interval: Duration = .seconds(1)
    /// The store's limit is a multiple of this many bytes: usage fluctuates, and each change of the
    /// limit costs a worker a copy of the store's state.
    private static let stepByteCount = 1 << 20
    /// Bytes in pools for each byte of page tables, about: 16 bytes a page, and pages at a third of
    /// their size.
    private static let poolShareOfTables = 64

    private let allowance: MemoryAllowance
    private let store: SwapStore
    private let logger: Logger
    private let reserveByteCount: Int
    /// The group that was last logged, and its limit.
    private var told: MemoryAllowance.Room?
    private var next = ContinuousClock.now

    init(_ assembly: Assembly, _ logger: Logger) {
        allowance = assembly.allowance
        store = assembly.store
        reserveByteCount = assembly.reserveByteCount
        self.logger = logger
    }

    /// Looks when `interval` has passed since the last look.
    mutating func lookIfDue() {
        let now = ContinuousClock.now
        guard now >= next else { return }
        next = now + Self.interval
        guard let room = allowance.room else {
            store.setAllowance(byteCount: nil)
            if told != nil { logger.notice("no memory group limits this mount any more") }
            told = nil
            return
        }
        let pools = store.statistics.poolByteCount
        let allowed = max(pools + room.byteCount, 0) / Self.stepByteCount * Self.stepByteCount
        store.setAllowance(byteCount: UInt64(allowed))
        guard told?.group != room.group || told?.limitByteCount != room.limitByteCount else {
            return
        }
        told = room
        tellIfTight(room, allowed)
    }

    /// Says when pools, page tables and reserve do not all fit into the group.
    private func tellIfTight(_ room: MemoryAllowance.Room, _ allowed: Int) {
        let wanted = store.tunedLimitByteCount
        let tables = wanted / Self.poolShareOfTables
        let missing = max(reserveByteCount - store.statistics.memory.reserve, 0)
        guard wanted + tables + missing > allowed else { return }
        logger.warning(
            """
            the pools may take \(size(wanted)) by max_pool_percent and max_pool_bytes, but the \
            memory group \(room.group) with its limit of \(size(room.limitByteCount)) leaves them \
            about \(size(allowed)); pages beyond that are written back or refused with ENOSPC. \
            Lower max_pool_bytes, or raise the group's limit.
            """)
    }

    private func size(_ byteCount: Int) -> String {
        ByteSize(bytes: UInt64(max(byteCount, 0))).description
    }
}
