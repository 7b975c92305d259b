import Threads
import ZswapCore

/// The holders of areas besides names: look-ups and open files.
///
///     look-up, open ──► counted in the slot's ``AreaHolding``
///     forget, close ──► counted off ──► the caller's next step: discard its pages, remove it, none
///
/// Law: a count is taken and given back under the directory's lock; pages are discarded after it.
extension AreaDirectory {
    /// Counts a look-up, until the kernel sends FORGET for it.
    func noteLookup(slot: Int) { state.withLock { $0.slots[slot]?.lookupCount += 1 } }

    /// Takes look-ups back.
    func forget(slot: Int, count: UInt64) -> (area: Area, disposal: AreaHolding.Disposal)? {
        letGo(slot: slot) { $0.lookupCount -= min(count, $0.lookupCount) }
    }

    /// Counts an open file.
    func open(slot: Int) {
        state.withLock { $0.slots[slot]?.noteOpen() }
    }

    /// Counts an open file that the kernel knows by this handle; once, however often it is said.
    /// Throws `tooManyOpenFiles`, `outOfMemory`.
    func open(slot: Int, handle: UInt64) throws(StoreError) {
        let outcome = state.withLock { state -> Result<Void, StoreError> in
            do throws(StoreError) {
                guard state.slots[slot] != nil, try state.handles.add(handle, slot: slot) else {
                    return .success(())
                }
            } catch {
                return .failure(error)
            }
            state.slots[slot]?.noteOpen()
            return .success(())
        }
        try outcome.get()
    }

    /// Takes the open file of this handle back; nothing happens if there is none.
    func close(handle: UInt64) -> (area: Area, disposal: AreaHolding.Disposal)? {
        let slot = state.withLock { $0.handles.remove(handle) }
        return slot.flatMap { close(slot: $0) }
    }

    /// Holds the area in this slot as if it were open, until ``close(slot:)``. Nil when the slot is
    /// empty, or its area is neither linked nor open and so holds no pages.
    func hold(slot: Int) -> Area? { state.withLock { Self.hold(slot, &$0) } }

    /// Holds the first area at or after this slot. O(1) when it is the slot's own.
    func hold(from slot: Int) -> Area? {
        state.withLock { state in
            if let area = Self.hold(slot, &state) { return area }
            let later = state.slots.filter { $0.key > slot && $0.value.mayHoldPages }
            return later.keys.min().flatMap { Self.hold($0, &state) }
        }
    }

    private static func hold(_ slot: Int, _ state: inout State) -> Area? {
        guard let holding = state.slots[slot], holding.mayHoldPages else { return nil }
        state.slots[slot]?.noteOpen()
        return holding.area
    }

    /// Takes an open file back. Does nothing when the area is not open, since a request may close a
    /// file that is not open.
    func close(slot: Int) -> (area: Area, disposal: AreaHolding.Disposal)? {
        letGo(slot: slot) { $0.noteClose() }
    }

    /// The pages are discarded; what comes next.
    func finishDiscarding(slot: Int) -> AreaHolding.Disposal {
        letGo(slot: slot) { $0.finishDisposal() }?.disposal ?? .none
    }
}
