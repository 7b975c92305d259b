public import Arena
public import ZswapCore

/// A list of runs, linked through memory of the runs themselves, so that it never allocates. For
/// drivers: frames of one fill, or all frames by age. Not locked; the driver's lock is.
///
///     head -> run 7|3 <-> run 7|1 <-> run 9|0 <- tail       each run: (previous, next), 0 for none
///
/// Law: a run is in at most one list of a linkage. `count` is the number of runs that a walk from
/// the head meets, and the walk back from the tail meets the same ones.
/// Price: 8 bytes a run, 12 bytes a list. Adding and removing touch the neighbours' links.
public struct RunList: Sendable {
    @usableFromInline var head: UInt32 = 0
    @usableFromInline var tail: UInt32 = 0
    @usableFromInline var memberCount: UInt32 = 0

    /// An empty list.
    @inlinable public init() {}

    /// Number of runs in it.
    @inlinable public var count: UInt32 { memberCount }
    /// Whether no run is in it.
    @inlinable public var isEmpty: Bool { head == 0 }
    /// The run that was added last.
    @inlinable public var first: RunNumber? { head == 0 ? nil : RunNumber(rawValue: head) }
    /// The run that was added longest ago.
    @inlinable public var last: RunNumber? { tail == 0 ? nil : RunNumber(rawValue: tail) }

    /// Adds a run at the head.
    @inline(__always)
    @inlinable public mutating func pushFirst(_ run: RunNumber, _ linkage: some RunLinkage) {
        deepInvariant(run.rawValue != 0, "there is no run 0")
        deepInvariant(run.rawValue != head && run.rawValue != tail, "a run is in a list twice")
        deepInvariant(hasSoundEnds, "a list's ends contradict its count")
        linkage.links(of: run).pointee = RunLinks(previous: 0, next: head)
        if head == 0 {
            tail = run.rawValue
        } else {
            deepInvariant(linkage.links(of: RunNumber(rawValue: head)).pointee.previous == 0)
            linkage.links(of: RunNumber(rawValue: head)).pointee.previous = run.rawValue
        }
        head = run.rawValue
        memberCount += 1
    }

    /// Adds a run at the tail, as the oldest one.
    @inline(__always)
    @inlinable public mutating func pushLast(_ run: RunNumber, _ linkage: some RunLinkage) {
        deepInvariant(run.rawValue != 0, "there is no run 0")
        deepInvariant(run.rawValue != head && run.rawValue != tail, "a run is in a list twice")
        deepInvariant(hasSoundEnds, "a list's ends contradict its count")
        linkage.links(of: run).pointee = RunLinks(previous: tail, next: 0)
        if tail == 0 {
            head = run.rawValue
        } else {
            deepInvariant(linkage.links(of: RunNumber(rawValue: tail)).pointee.next == 0)
            linkage.links(of: RunNumber(rawValue: tail)).pointee.next = run.rawValue
        }
        tail = run.rawValue
        memberCount += 1
    }

    /// Removes a run that is in this list.
    @inline(__always)
    @inlinable public mutating func remove(_ run: RunNumber, _ linkage: some RunLinkage) {
        deepInvariant(memberCount > 0, "a run was removed from a list that it is not in")
        let links = linkage.links(of: run).pointee
        deepInvariant(links.previous != run.rawValue && links.next != run.rawValue)
        if links.previous == 0 {
            invariant(head == run.rawValue, "a run was removed from a list that it is not in")
            head = links.next
        } else {
            let before = linkage.links(of: RunNumber(rawValue: links.previous))
            deepInvariant(before.pointee.next == run.rawValue, "the run before does not link back")
            before.pointee.next = links.next
        }
        if links.next == 0 {
            deepInvariant(tail == run.rawValue, "a run was removed from a list that it is not in")
            tail = links.previous
        } else {
            let behind = linkage.links(of: RunNumber(rawValue: links.next))
            deepInvariant(
                behind.pointee.previous == run.rawValue, "the run behind does not link back")
            behind.pointee.previous = links.previous
        }
        memberCount -= 1
        deepInvariant(hasSoundEnds, "a list's ends contradict its count")
    }

    /// Head and tail are there iff the list has runs.
    @usableFromInline var hasSoundEnds: Bool {
        (head == 0) == (memberCount == 0) && (tail == 0) == (memberCount == 0)
    }

    /// Calls `body` with every run from the head on. `body` must not change the list.
    @inlinable public func forEach(_ linkage: some RunLinkage, _ body: (RunNumber) -> Void) {
        var next = first
        while let run = next {
            body(run)
            next = Self.run(linkage.links(of: run).pointee.next)
        }
    }

    /// The run behind this one.
    @inlinable public func following(_ run: RunNumber, _ linkage: some RunLinkage) -> RunNumber? {
        invariant(!isEmpty, "a run of an empty list")
        let next = Self.run(linkage.links(of: run).pointee.next)
        deepInvariant(next != nil || run.rawValue == tail, "a list ends before its tail")
        return next
    }

    /// Traps when the links contradict each other or the count.
    public func checkInvariants(_ linkage: some RunLinkage) {
        var seen: UInt32 = 0
        var previous: UInt32 = 0
        forEach(linkage) { run in
            invariant(linkage.links(of: run).pointee.previous == previous, "a broken back link")
            previous = run.rawValue
            seen += 1
            invariant(seen <= count, "a list is longer than its count, or a circle")
        }
        invariant(seen == count, "a list is shorter than its count")
        invariant(tail == previous, "a list ends elsewhere than at its tail")
    }

    @inlinable static func run(_ rawValue: UInt32) -> RunNumber? {
        rawValue == 0 ? nil : RunNumber(rawValue: rawValue)
    }
}

/// A run's place in a list: its neighbours' numbers, 0 for none.
public struct RunLinks: Sendable {
    @usableFromInline var previous: UInt32
    @usableFromInline var next: UInt32

    @inlinable init(previous: UInt32, next: UInt32) {
        self.previous = previous
        self.next = next
    }
}

/// The place of a list's links in its runs: 8 bytes of a run's descriptor or of its frames that
/// nothing else uses while the run is in the list. A run in two lists has two linkages.
public protocol RunLinkage {
    /// The links of a run. A raw address, because they lie in the arena next to what a driver keeps
    /// there.
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks>
}
