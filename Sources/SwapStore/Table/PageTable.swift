import Arena
import ZswapCore

/// From page number to entry: a tree of three levels in the arena, without locks.
///
///     root 4096 × 4 bytes          node 2048 × 4 bytes        leaf 512 × 16 bytes
///     | run | run | 0 | ... |  ->  | run | 0 | run | ... | -> | entry | entry | ... |
///     one slot: 4 GiB of area      one slot: 2 MiB            one slot: 4 KiB
///
/// Law: a child is published with compareExchange once it is all zeros, and never replaced, only
/// taken out: a leaf when its whole 2 MiB are discarded, everything when the area goes. An entry of
/// a leaf that was taken out is `retired` and stays so; no thread writes over it. Retired runs are
/// freed after a quiescent point, so the caller is inside `Quiescence.enter` … `leave` for every
/// call.
/// Price: 16 bytes a page plus 4 bytes for 512 pages, 4 for a million; 16 KiB for an area that is
/// empty, whatever its size. Three dependent loads a look-up.
struct PageTable {
    static let rootFrameCount = 4
    static let nodeFrameCount = 2
    static let leafFrameCount = 2
    /// Pages under one leaf: 2 MiB of area, a swap cluster of the kernel.
    static let leafPageCount = 512
    private static let leafShift: UInt64 = 9
    private static let nodeShift: UInt64 = 20
    private static let nodeMask: UInt64 = 2047
    private static let entryByteCount = 16

    let arena: Arena
    let root: RunNumber

    /// A new, empty tree.
    init(in arena: Arena) throws(ArenaError) {
        self.arena = arena
        root = try Self.takeZeroedRun(arena, frameCount: Self.rootFrameCount, for: .nodes)
    }

    /// The tree with this root.
    init(in arena: Arena, root: RunNumber) {
        invariant(root.rawValue != 0, "there is no run 0")
        self.arena = arena
        self.root = root
    }

    /// The place of the page's entry; nil when it has no leaf.
    func entryOffset(of page: PageNumber) -> ArenaOffset? {
        guard let leaf = leaf(of: page) else { return nil }
        return entryOffset(in: leaf, page)
    }

    /// The place of the page's entry; makes the nodes and the leaf that are missing.
    func makeEntryOffset(of page: PageNumber) throws(ArenaError) -> ArenaOffset {
        if let leaf = leaf(of: page) { return entryOffset(in: leaf, page) }
        return try makeWay(to: page)
    }

    private func makeWay(to page: PageNumber) throws(ArenaError) -> ArenaOffset {
        let node = try makeChild(
            in: rootSlot(page), frameCount: Self.nodeFrameCount, for: .nodes)
        let leaf = try makeChild(
            in: nodeSlot(node, page), frameCount: Self.leafFrameCount, for: .entries)
        deepInvariant(
            node != leaf && leaf != root && node != root, "one run has two places in the tree")
        return entryOffset(in: leaf, page)
    }

    /// The run of the leaf that holds the page's entry.
    func leaf(of page: PageNumber) -> RunNumber? {
        guard let node = child(in: rootSlot(page)) else { return nil }
        return child(in: nodeSlot(node, page))
    }

    func entryOffset(in leaf: RunNumber, _ page: PageNumber) -> ArenaOffset {
        deepInvariant(leaf.rawValue != 0, "there is no run 0")
        let index = Int(page.rawValue & UInt64(Self.leafPageCount - 1))
        return arena.offset(of: leaf, frameCount: Self.leafFrameCount) + index * Self.entryByteCount
    }

    /// The first page after those of this page's leaf.
    static func leafEnd(of page: PageNumber) -> PageNumber {
        PageNumber(((page.rawValue >> leafShift) + 1) << leafShift)
    }

    /// Takes a leaf out of the tree; its entries are still as they were. Nil when there is none.
    func unlinkLeaf(of page: PageNumber) -> RunNumber? {
        invariant(page.rawValue % UInt64(Self.leafPageCount) == 0, "a leaf goes as a whole")
        guard let node = child(in: rootSlot(page)) else { return nil }
        deepInvariant(node != root, "one run has two places in the tree")
        let old = arena.exchangeHalfWord(0, at: nodeSlot(node, page))
        return old == 0 ? nil : RunNumber(rawValue: old)
    }

    /// The first page at or after this one that has a leaf; nil when there is none before `end`.
    func nextPageWithLeaf(from page: PageNumber, end: PageNumber) -> PageNumber? {
        nextLeaf(from: page, end: end)?.page
    }

    /// The same page together with its leaf. Found in one look: a leaf that is looked up again by
    /// its page may be out of the tree by then, and that does not mean that nothing follows.
    func nextLeaf(
        from page: PageNumber, end: PageNumber
    ) -> (page: PageNumber, leaf: RunNumber)? {
        invariant(end.rawValue <= Limits.areaPageCountMax, "no area has such pages")
        var number = page.rawValue
        while number < end.rawValue {
            let here = PageNumber(number)
            guard let node = child(in: rootSlot(here)) else {
                number = ((number >> Self.nodeShift) + 1) << Self.nodeShift
                continue
            }
            if let leaf = child(in: nodeSlot(node, here)) {
                invariant(page <= here && here < end, "a leaf of other pages")
                return (here, leaf)
            }
            number = Self.leafEnd(of: here).rawValue
        }
        return nil
    }

    /// The tree that a predecessor left under this root; nil if the run is invalid.
    init?(leftIn arena: Arena, root: RunNumber) {
        guard arena.claimRun(ifThere: root, frameCount: Self.rootFrameCount, for: .nodes) else {
            return nil
        }
        self.init(in: arena, root: root)
    }

    /// Takes over what a predecessor left below the root, and shows each leaf to `body` with its
    /// first page. Returns how many children were no runs, and are not there any more.
    func adopt(_ body: (PageNumber, RunNumber) -> Void) -> Int {
        var dropped = 0
        func claim(_ slot: ArenaOffset, _ frameCount: Int, _ purpose: RunPurpose) -> RunNumber? {
            guard let run = child(in: slot) else { return nil }
            if arena.claimRun(ifThere: run, frameCount: frameCount, for: purpose) { return run }
            arena.storeHalfWord(0, at: slot)
            dropped += 1
            return nil
        }
        for index in 0..<Self.rootSlotCount {
            let first = PageNumber(index << Self.nodeShift)
            guard let node = claim(rootSlot(first), Self.nodeFrameCount, .nodes) else { continue }
            for leafIndex in 0...Self.nodeMask {
                let page = PageNumber(first.rawValue + leafIndex << Self.leafShift)
                let slot = nodeSlot(node, page)
                if let leaf = claim(slot, Self.leafFrameCount, .entries) { body(page, leaf) }
            }
        }
        return dropped
    }

    /// Shows each leaf to `body` with its first page, in order. Only while no leaf comes or goes.
    func forEachLeaf(_ body: (PageNumber, RunNumber) -> Void) {
        let end = PageNumber(Limits.areaPageCountMax)
        var page = PageNumber(0)
        while let (first, leaf) = nextLeaf(from: page, end: end) {
            deepInvariant(
                first.rawValue.isMultiple(of: UInt64(Self.leafPageCount)), "a leaf from its middle")
            deepInvariant(Self.leafEnd(of: first) <= end, "a leaf behind the last page")
            body(first, leaf)
            page = Self.leafEnd(of: first)
        }
    }

    private static let rootSlotCount = UInt64(rootFrameCount * Page.byteCount / 4)

    /// Gives the inner nodes and the root back. All leaves must be out of the tree, and no thread
    /// may look pages up any more.
    func destroy() {
        for index in 0..<Self.rootSlotCount {
            let page = PageNumber(index << Self.nodeShift)
            if let node = child(in: rootSlot(page)) {
                deepInvariant(node != root, "one run has two places in the tree")
                deepInvariant(!hasLeaf(node), "a leaf is lost with its node")
                arena.retireRun(node, frameCount: Self.nodeFrameCount, from: .nodes)
            }
        }
        arena.retireRun(root, frameCount: Self.rootFrameCount, from: .nodes)
    }

    private func hasLeaf(_ node: RunNumber) -> Bool {
        (0...Self.nodeMask).contains {
            child(in: nodeSlot(node, PageNumber($0 << Self.leafShift))) != nil
        }
    }

    private func rootSlot(_ page: PageNumber) -> ArenaOffset {
        invariant(page.rawValue < Limits.areaPageCountMax, "no area has that page")
        return arena.offset(of: root, frameCount: Self.rootFrameCount)
            + Int(page.rawValue >> Self.nodeShift) * 4
    }

    private func nodeSlot(_ node: RunNumber, _ page: PageNumber) -> ArenaOffset {
        let index = Int(page.rawValue >> Self.leafShift & Self.nodeMask)
        return arena.offset(of: node, frameCount: Self.nodeFrameCount) + index * 4
    }

    private func child(in slot: ArenaOffset) -> RunNumber? {
        let run = arena.loadHalfWord(at: slot)
        return run == 0 ? nil : RunNumber(rawValue: run)
    }

    private func makeChild(
        in slot: ArenaOffset, frameCount: Int, for purpose: RunPurpose
    ) throws(ArenaError) -> RunNumber {
        if let run = child(in: slot) { return run }
        let run = try Self.takeZeroedRun(arena, frameCount: frameCount, for: purpose)
        invariant(run.rawValue != 0, "a child that reads as none")
        deepInvariant(slot.rawValue % 4 == 0, "a slot across a border of words")
        let (isOurs, winner) = arena.compareExchangeHalfWord(
            expected: 0, desired: run.rawValue, at: slot)
        if isOurs { return run }
        arena.freeRun(run, frameCount: frameCount, from: purpose)
        invariant(winner != 0 && winner != run.rawValue, "another thread's child is no run")
        return RunNumber(rawValue: winner)
    }

    private static func takeZeroedRun(
        _ arena: Arena, frameCount: Int, for purpose: RunPurpose
    ) throws(ArenaError) -> RunNumber {
        let run = try arena.takeRun(frameCount: frameCount, for: purpose)
        arena.clear(
            at: arena.offset(of: run, frameCount: frameCount), count: frameCount * Page.byteCount)
        return run
    }
}
