import Arena
import Synchronization

/// A frame of zbud, seen through the run's descriptor; the owners are in the frame's first chunk.
///
///     descriptor   0  links in a buddy list    16  number of the pool     20  chunks: first, last
///                  8  links in the LRU list                               22  under reclaim
///     frame        0  owner of the first buddy, 8 of the last             64  objects
///
/// Law: a buddy is there iff its chunk count is not 0; an owner word is 0 until the owner is set.
/// Owner words are read and written without the pool's lock, everything else under it. A frame
/// under reclaim is in no list.
/// Price: lists are walked and changed in descriptors alone, 128 to a page of memory, so that
/// neither a frame nor its translation need be fetched for them.
struct ZbudFrame {
    // Raw addresses: descriptor and header lie in memory that serves other types at other times.
    private let descriptor: UnsafeMutableRawPointer
    private let header: UnsafeMutableRawPointer

    @inline(__always)
    init(_ run: RunNumber, in map: RunMap) {
        descriptor = map.address(of: map.descriptor(of: run))
        header = map.address(of: map.offset(of: run, frameCount: 1))
    }

    var buddyLinks: UnsafeMutablePointer<RunLinks> {
        descriptor.assumingMemoryBound(to: RunLinks.self)
    }
    var lruLinks: UnsafeMutablePointer<RunLinks> {
        (descriptor + 8).assumingMemoryBound(to: RunLinks.self)
    }
    var poolNumber: UInt32 {
        get { descriptor.load(fromByteOffset: 16, as: UInt32.self) }
        nonmutating set { descriptor.storeBytes(of: newValue, toByteOffset: 16, as: UInt32.self) }
    }
    var firstChunkCount: Int {
        get { Int(descriptor.load(fromByteOffset: 20, as: UInt8.self)) }
        nonmutating set {
            descriptor.storeBytes(of: UInt8(newValue), toByteOffset: 20, as: UInt8.self)
        }
    }
    var lastChunkCount: Int {
        get { Int(descriptor.load(fromByteOffset: 21, as: UInt8.self)) }
        nonmutating set {
            descriptor.storeBytes(of: UInt8(newValue), toByteOffset: 21, as: UInt8.self)
        }
    }
    var isUnderReclaim: Bool {
        get { descriptor.load(fromByteOffset: 22, as: UInt8.self) != 0 }
        nonmutating set {
            descriptor.storeBytes(of: newValue ? 1 : 0, toByteOffset: 22, as: UInt8.self)
        }
    }

    /// The owner word of a buddy, shared between threads.
    @inline(__always)
    func ownerWord(_ buddy: ZbudHandle.Buddy) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (header + (buddy == .first ? 0 : 8)).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    var freeChunkCount: Int { Chunk.usableCount - firstChunkCount - lastChunkCount }
    var objectCount: Int { (firstChunkCount == 0 ? 0 : 1) + (lastChunkCount == 0 ? 0 : 1) }
    var isEmpty: Bool { firstChunkCount == 0 && lastChunkCount == 0 }

    /// The list that the frame belongs in: 0 when both buddies are there, else its free chunks.
    var listIndex: Int {
        firstChunkCount != 0 && lastChunkCount != 0 ? 0 : freeChunkCount
    }

    /// Makes an empty frame of whatever the memory held. Owners are cleared as buddies are taken.
    func open(poolNumber number: UInt32) {
        descriptor.initializeMemory(
            as: UInt8.self, repeating: 0, count: Arena.descriptorByteCount)
        poolNumber = number
    }

    /// Takes the room of one buddy, which has no owner yet.
    @inline(__always)
    func take(_ buddy: ZbudHandle.Buddy, chunkCount: Int) {
        setChunkCount(chunkCount, of: buddy)
        ownerWord(buddy).pointee.store(0, ordering: .relaxed)
    }

    /// Gives the room of one buddy back. Its owner word is not looked at any more, so it stays.
    @inline(__always)
    func release(_ buddy: ZbudHandle.Buddy) { setChunkCount(0, of: buddy) }

    @inline(__always)
    private func setChunkCount(_ chunkCount: Int, of buddy: ZbudHandle.Buddy) {
        switch buddy {
        case .first: firstChunkCount = chunkCount
        case .last: lastChunkCount = chunkCount
        }
    }
}

/// The links of the lists by free chunks.
struct ZbudBuddyLinkage: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        ZbudFrame(run, in: map).buddyLinks
    }
}

/// The links of the LRU list.
struct ZbudLruLinkage: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        ZbudFrame(run, in: map).lruLinks
    }
}
