import Arena
import Synchronization

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
    // Raw addresses: descriptor and slots lie in memory that serves other types at other times.
    private let descriptor: UnsafeMutableRawPointer
    let run: RunNumber

    @inline(__always)
    init(_ run: RunNumber, in map: RunMap) {
        self.run = run
        descriptor = map.address(of: map.descriptor(of: run))
    }

    /// Not for huge zspages, whose header is there.
    var lruLinks: UnsafeMutablePointer<RunLinks> {
        descriptor.assumingMemoryBound(to: RunLinks.self)
    }
    var groupLinks: UnsafeMutablePointer<RunLinks> {
        (descriptor + 12).assumingMemoryBound(to: RunLinks.self)
    }
    var poolNumber: UInt32 {
        get { descriptor.load(fromByteOffset: 8, as: UInt32.self) }
        nonmutating set { descriptor.storeBytes(of: newValue, toByteOffset: 8, as: UInt32.self) }
    }
    var classPlace: Int {
        get { Int(descriptor.load(fromByteOffset: 20, as: UInt8.self)) }
        nonmutating set {
            descriptor.storeBytes(of: UInt8(newValue), toByteOffset: 20, as: UInt8.self)
        }
    }
    var group: Int {
        get { Int(descriptor.load(fromByteOffset: 21, as: UInt8.self)) }
        nonmutating set {
            descriptor.storeBytes(of: UInt8(newValue), toByteOffset: 21, as: UInt8.self)
        }
    }
    /// Out of all lists while its objects are evicted.
    @inline(__always)
    var isUnderReclaim: Bool { group == FullnessGroup.underReclaim }
    var inUseCount: Int {
        get { count(at: 22) }
        nonmutating set { setCount(newValue, at: 22) }
    }
    /// The first free slot's number + 1; 0 when no slot was freed.
    var freeLink: Int {
        get { count(at: 24) }
        nonmutating set { setCount(newValue, at: 24) }
    }
    var freshCount: Int {
        get { count(at: 26) }
        nonmutating set { setCount(newValue, at: 26) }
    }

    /// What the pool's clock showed at the last allocation.
    var stamp: ZspageStamp {
        get { ZspageStamp(rawValue: descriptor.load(fromByteOffset: 28, as: UInt32.self)) }
        nonmutating set {
            descriptor.storeBytes(of: newValue.rawValue, toByteOffset: 28, as: UInt32.self)
        }
    }

    @inline(__always)
    private func count(at offset: Int) -> Int {
        Int(descriptor.load(fromByteOffset: offset, as: UInt16.self))
    }
    @inline(__always)
    private func setCount(_ value: Int, at offset: Int) {
        descriptor.storeBytes(of: UInt16(value), toByteOffset: offset, as: UInt16.self)
    }

    /// The header of a huge object, whose frame has no room for it.
    @inline(__always)
    var hugeHeader: UnsafeMutablePointer<Atomic<UInt64>> {
        descriptor.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Makes an empty zspage of whatever the memory held.
    @inline(__always)
    func open(poolNumber number: UInt32, classPlace place: Int) {
        descriptor.initializeMemory(
            as: UInt8.self, repeating: 0, count: Arena.descriptorByteCount)
        poolNumber = number
        classPlace = place
    }

    /// Nobody's from here on, so that a late handle to it is noticed.
    @inline(__always)
    func close() { poolNumber = 0 }
}

/// The links of zspages in their groups' lists.
struct ZspageGroupLinkage: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        Zspage(run, in: map).groupLinks
    }
}

/// The links of zspages in the LRU list.
struct ZspageLruLinkage: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        Zspage(run, in: map).lruLinks
    }
}
