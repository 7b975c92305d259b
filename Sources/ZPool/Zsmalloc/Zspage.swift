import Arena
import Synchronization
import ZswapCore

/// A run of frames filled with slots of one class, seen through its descriptor.
///
///     descriptor, 32 bytes of the arena 0   links in the LRU list;   20  class  21  fullness group
///                                          huge: the object's header 22  slots in use
///                                          8   number of the pool         24  first free slot + 1
///                                          12  links in its group's list  26  fresh: ever taken
///                                                                         28  stamp
///     run    | header object | header object | ... | waste |
///
/// Law: slots in use + slots in the free list = fresh <= slots of the class. A zspage is in the
/// list of its group and, unless it is huge, in the LRU list; under reclaim it is in neither, and
/// its group says so. Slot headers are read and written by several threads, everything else under
/// the class's lock.
/// Price: nothing to set up: slots that were never taken are not linked, only counted.
struct Zspage {
    enum Fields {
        /// Not for huge zspages, whose object's header is there.
        static var lruLinks: RecordField<RunLinks> { RecordField(at: 0) }
        static var hugeHeader: RecordField<Atomic<UInt64>> { RecordField(over: lruLinks) }
        static var poolNumber: RecordField<UInt32> { RecordField(at: 8) }
        static var groupLinks: RecordField<RunLinks> { RecordField(at: 12) }
        static var classPlace: RecordField<UInt8> { RecordField(at: 20) }
        static var group: RecordField<UInt8> { RecordField(at: 21) }
        static var inUseCount: RecordField<UInt16> { RecordField(at: 22) }
        static var freeLink: RecordField<UInt16> { RecordField(at: 24) }
        static var freshCount: RecordField<UInt16> { RecordField(at: 26) }
        static var stamp: RecordField<UInt32> { RecordField(at: 28) }

        static var layout: RecordLayout {
            RecordLayout(
                byteCount: Arena.descriptorByteCount,
                spans: [
                    lruLinks.span, poolNumber.span, groupLinks.span, classPlace.span, group.span,
                    inUseCount.span, freeLink.span, freshCount.span, stamp.span,
                ])
        }
    }

    private let descriptor: RunRecord
    let run: RunNumber

    @inline(__always)
    init(_ run: RunNumber, in map: RunMap) {
        self.run = run
        descriptor = RunRecord(run, in: map)
    }

    var poolNumber: UInt32 {
        get { descriptor[Fields.poolNumber] }
        nonmutating set { descriptor[Fields.poolNumber] = newValue }
    }
    var classPlace: Int {
        get { Int(descriptor[Fields.classPlace]) }
        nonmutating set { descriptor[Fields.classPlace] = UInt8(newValue) }
    }
    var group: Int {
        get { Int(descriptor[Fields.group]) }
        nonmutating set { descriptor[Fields.group] = UInt8(newValue) }
    }
    /// Out of all lists while its objects are evicted.
    @inline(__always)
    var isUnderReclaim: Bool { group == FullnessGroup.underReclaim }
    var inUseCount: Int {
        get { Int(descriptor[Fields.inUseCount]) }
        nonmutating set { descriptor[Fields.inUseCount] = UInt16(newValue) }
    }
    /// The first free slot's number + 1; 0 when no slot was freed.
    var freeLink: Int {
        get { Int(descriptor[Fields.freeLink]) }
        nonmutating set { descriptor[Fields.freeLink] = UInt16(newValue) }
    }
    var freshCount: Int {
        get { Int(descriptor[Fields.freshCount]) }
        nonmutating set { descriptor[Fields.freshCount] = UInt16(newValue) }
    }

    /// The stamp of the last allocation, by the pool's clock.
    var stamp: ZspageStamp {
        get { ZspageStamp(rawValue: descriptor[Fields.stamp]) }
        nonmutating set { descriptor[Fields.stamp] = newValue.rawValue }
    }

    /// The header of a huge object, whose frame has no room for it.
    @inline(__always)
    var hugeHeader: UnsafeMutablePointer<Atomic<UInt64>> {
        descriptor.pointer(to: Fields.hugeHeader)
    }

    /// Makes an empty zspage, whatever the memory holds.
    @inline(__always)
    func open(poolNumber number: UInt32, classPlace place: Int) {
        deepInvariant(number != 0, "0 is no pool's number")
        descriptor.clear()
        poolNumber = number
        classPlace = place
        deepInvariant(group == FullnessGroup.empty, "a new zspage has objects")
    }

    /// Clears the pool number, so that a late handle to the zspage traps.
    @inline(__always)
    func close() {
        invariant(inUseCount == 0, "a zspage is given back with an object in it")
        deepInvariant(poolNumber != 0, "a zspage is given back twice")
        poolNumber = 0
    }
}

/// The links of zspages in their groups' lists.
struct ZspageGroupLinkage: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        RunRecord(run, in: map).pointer(to: Zspage.Fields.groupLinks)
    }
}

/// The links of zspages in the LRU list.
struct ZspageLruLinkage: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        RunRecord(run, in: map).pointer(to: Zspage.Fields.lruLinks)
    }
}
