import Arena
import Synchronization

/// A run of frames filled with slots of one class, seen through its descriptor.
///
///     descriptor, 32 bytes of the arena 0   header of a huge object  20  class  21  fullness group
///                                          8   number of the pool         22  slots in use
///                                          12  links in its group's list  24  first free slot + 1
///                                                                     26  fresh: slots ever taken
///     run    | header object | header object | ... | waste |
///
/// Law: slots in use + slots in the free list = fresh <= slots of the class. A zspage is in the
/// list of its group. Slot headers are read and written by several threads, everything else under
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

    var links: UnsafeMutablePointer<RunLinks> {
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
struct ZspageLinkage: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> { Zspage(run, in: map).links }
}
