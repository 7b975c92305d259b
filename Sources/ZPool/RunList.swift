import Arena

/// A list of runs, linked through memory of the runs themselves, so that it never allocates.
///
///     head -> run 7|3 <-> run 7|1 <-> run 9|0 <- tail       each run: (previous, next), 0 for none
///
/// Law: a run is in at most one list of a linkage. `count` is the number of runs that a walk from
/// the head meets, and the walk back from the tail meets the same ones.
/// Price: 8 bytes a run, 12 bytes a list. Adding and removing touch the neighbours' links.
struct RunList: Sendable {
    private var head: UInt32 = 0
    private var tail: UInt32 = 0
    private(set) var count: UInt32 = 0

    var isEmpty: Bool { head == 0 }
    /// The run that was added last.
    var first: RunNumber? { head == 0 ? nil : RunNumber(rawValue: head) }
    /// The run that was added longest ago.
    var last: RunNumber? { tail == 0 ? nil : RunNumber(rawValue: tail) }

    /// Adds a run at the head.
    @inline(__always)
    mutating func pushFirst(_ run: RunNumber, _ linkage: some RunLinkage) {
        linkage.links(of: run).pointee = RunLinks(previous: 0, next: head)
        if head == 0 {
            tail = run.rawValue
        } else {
            linkage.links(of: RunNumber(rawValue: head)).pointee.previous = run.rawValue
        }
        head = run.rawValue
        count += 1
    }

    /// Removes a run that is in this list.
    @inline(__always)
    mutating func remove(_ run: RunNumber, _ linkage: some RunLinkage) {
        let links = linkage.links(of: run).pointee
        if links.previous == 0 {
            precondition(head == run.rawValue, "a run was removed from a list that it is not in")
            head = links.next
        } else {
            linkage.links(of: RunNumber(rawValue: links.previous)).pointee.next = links.next
        }
        if links.next == 0 {
            tail = links.previous
        } else {
            linkage.links(of: RunNumber(rawValue: links.next)).pointee.previous = links.previous
        }
        count -= 1
    }

    /// Calls `body` with every run from the head on. `body` must not change the list.
    func forEach(_ linkage: some RunLinkage, _ body: (RunNumber) -> Void) {
        var next = first
        while let run = next {
            body(run)
            next = Self.run(linkage.links(of: run).pointee.next)
        }
    }

    /// The run behind this one.
    func following(_ run: RunNumber, _ linkage: some RunLinkage) -> RunNumber? {
        Self.run(linkage.links(of: run).pointee.next)
    }

    /// Traps when the links contradict each other or the count.
    func checkInvariants(_ linkage: some RunLinkage) {
        var seen: UInt32 = 0
        var previous: UInt32 = 0
        forEach(linkage) { run in
            precondition(linkage.links(of: run).pointee.previous == previous, "a broken back link")
            previous = run.rawValue
            seen += 1
            precondition(seen <= count, "a list is longer than its count, or a circle")
        }
        precondition(seen == count)
        precondition(tail == previous)
    }

    private static func run(_ rawValue: UInt32) -> RunNumber? {
        rawValue == 0 ? nil : RunNumber(rawValue: rawValue)
    }
}

/// A run's place in a list: its neighbours' numbers, 0 for none.
struct RunLinks {
    var previous: UInt32
    var next: UInt32
}

/// Where the runs of a list keep their links.
protocol RunLinkage {
    /// The links of a run. A raw address, because they lie in the arena next to what a driver keeps
    /// there.
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks>
}
