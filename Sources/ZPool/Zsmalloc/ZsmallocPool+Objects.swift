import Arena
import Synchronization
import ZswapCore

/// Finding an object: arithmetic on its handle and its class's numbers, which never change.
extension ZsmallocPool {
    func offset(of handle: PoolHandle) -> ArenaOffset {
        let object = ZsmallocHandle(handle)
        invariant(object.classPlace < classCount)
        let sizeClass = classes[object.classPlace].sizeClass
        let start = slotOffset(object.run, sizeClass, object.slot)
        return sizeClass.isHuge ? start : start + SizeClassTable.slotHeaderByteCount
    }

    /// The offset of a slot: that of its header, or of a huge object.
    @inline(__always)
    func slotOffset(_ run: RunNumber, _ sizeClass: SizeClass, _ slot: Int) -> ArenaOffset {
        map.offset(of: run, frameCount: sizeClass.frameCount) + slot &* sizeClass.byteCount
    }

    /// A slot's header: in front of the object, or in the descriptor if it is huge. A raw address,
    /// because it is shared between threads and lies among the objects' bytes.
    @inline(__always)
    func headerWord(
        _ zspage: Zspage, _ place: Int, _ slot: Int
    ) -> UnsafeMutablePointer<Atomic<UInt64>> {
        let sizeClass = classes[place].sizeClass
        deepInvariant(slot >= 0 && slot < sizeClass.objectCount, "a zspage has no such slot")
        if sizeClass.isHuge { return zspage.hugeHeader }
        return map.address(of: slotOffset(zspage.run, sizeClass, slot))
            .assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    @inline(__always)
    private func headerWord(_ handle: PoolHandle) -> UnsafeMutablePointer<Atomic<UInt64>> {
        let object = ZsmallocHandle(handle)
        invariant(object.classPlace < classCount)
        return headerWord(Zspage(object.run, in: map), object.classPlace, object.slot)
    }

    func setOwner(_ owner: ObjectOwner, of handle: PoolHandle) {
        // Releasing: a thread that sees the owner also sees the bytes that were written before.
        headerWord(handle).pointee.store(SlotHeader(owner).rawValue, ordering: .releasing)
    }

    func owner(of handle: PoolHandle) -> ObjectOwner? {
        SlotHeader(rawValue: headerWord(handle).pointee.load(ordering: .acquiring)).owner
    }
}
