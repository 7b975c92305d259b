import Arena
import Synchronization
import Threads
import ZswapCore

/// The directory of a predecessor, taken over record by record.
extension AreaDirectory {
    /// Takes over the areas of a predecessor. `make` returns the area of a record, or nil if the
    /// record's content is invalid; then the record is freed. Returns the number of records freed
    /// so.
    func adopt(_ make: (Int, AreaRecord) -> Area?) -> Int {
        state.withLock { state in
            let openCounts = state.handles.adopt()
            var dropped = 0
            for run in 0..<AreaRecords.runCount where records.claim(run: run) {
                for slot in AreaRecords.slots(ofRun: run) {
                    guard let record = records[slot], record.state != .free else { continue }
                    // It was being removed.
                    if record.state == .unlinked, record.root == nil {
                        record.state = .free
                        continue
                    }
                    guard let area = make(slot, record) else {
                        record.state = .free
                        dropped += 1
                        continue
                    }
                    let holding = AreaHolding(adopting: area, openCount: openCounts[slot] ?? 0)
                    state.slots[slot] = holding
                    if holding.isLinked { Self.name(slot, &state) }
                    served.set(area, at: slot)
                }
            }
            let slots = Set(state.slots.keys)
            state.handles.forget(slotsOutside: slots.contains)
            revision.add(1, ordering: .releasing)
            return dropped
        }
    }

    /// Makes a linked area's name lead to it, unless one that got it later has the name.
    private static func name(_ slot: Int, _ state: inout State) {
        guard let holding = state.slots[slot] else { return }
        var loser: Int?
        if let other = state.slotByName[holding.name] {
            let otherNamedAt = state.slots[other]?.area.record.namedAt ?? 0
            loser = otherNamedAt < holding.area.record.namedAt ? other : slot
        }
        if let loser {
            state.slots[loser]?.isLinked = false
            state.slots[loser]?.area.record.state = .unlinked
        }
        if loser != slot { state.slotByName[holding.name] = slot }
    }

    /// The next steps for areas that were unlinked and closed, and that the predecessor did not
    /// remove.
    func letGoOfUnheld() -> [(area: Area, disposal: AreaHolding.Disposal)] {
        let slots = state.withLock { Array($0.slots.keys) }
        return slots.compactMap { letGo(slot: $0) { _ in } }.filter { $0.disposal != .none }
    }
}
