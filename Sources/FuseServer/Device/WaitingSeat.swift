import SwapStore

/// The place of one serving thread in the ``WaitingRoom``: the thread asks for it with the first
/// page of a request that lies on a device, and keeps it until the request is done.
final class WaitingSeat: BackingGate {
    let room: WaitingRoom
    private(set) var isTaken = false
    /// The request can be done by another thread.
    private var mayStandInLine = false

    init(in room: WaitingRoom) { self.room = room }

    func enter() -> BackingEntry {
        if isTaken { return .wait }
        isTaken = mayStandInLine ? room.enter(forRead: true) : room.waitToEnter()
        if isTaken { return .wait }
        return mayStandInLine ? .later : .refuse
    }

    /// Called before work that may take long without a device: a standby thread serves meanwhile.
    func stepAside() { isTaken = isTaken || room.enter(forRead: false) }

    /// Does a read that may be left to another thread. False: it stands in line.
    func perform(_ read: WaitingRoom.Read, _ body: () throws(Refusal) -> Void) throws(Refusal) {
        mayStandInLine = true
        defer { mayStandInLine = false }
        do {
            try body()
        } catch {
            guard error == .wouldWait else { throw error }
            switch room.enterOrStandInLine(read) {
            case .inLine: return
            case .entered: isTaken = true
            case .noPlace: mayStandInLine = false
            }
            try body()
        }
    }

    /// The request is done: the next read in line, if this thread waited.
    func next() -> WaitingRoom.Read? {
        guard isTaken else { return nil }
        let read = room.next()
        isTaken = read != nil
        return read
    }
}
