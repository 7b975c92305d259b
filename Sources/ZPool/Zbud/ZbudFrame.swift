import Arena
import Synchronization

/// A frame of zbud, seen through its header: the first chunk of its memory.
///
///     0   owner of the first buddy     16  links in a buddy list    32  number of the pool
///     8   owner of the last buddy      24  links in the LRU list    36  chunks: first, last
///                                                                   38  under reclaim
///
/// Law: a buddy is there iff its chunk count is not 0; an owner word is 0 until the owner is set.
/// Owner words are read and written without the pool's lock, everything else under it. A frame
/// under reclaim is in no list.
struct ZbudFrame {
    // A raw address: the header lies in front of the objects, in memory that has no other type.
    private let header: UnsafeMutableRawPointer

    @inline(__always)
    init(_ run: RunNumber, in map: RunMap) {
        header = map.address(of: map.offset(of: run, frameCount: 1))
    }

    var buddyLinks: UnsafeMutablePointer<RunLinks> {
        (header + 16).assumingMemoryBound(to: RunLinks.self)
    }
    var lruLinks: UnsafeMutablePointer<RunLinks> {
        (header + 24).assumingMemoryBound(to: RunLinks.self)
    }
    var poolNumber: UInt32 {
        get { header.load(fromByteOffset: 32, as: UInt32.self) }
        nonmutating set { header.storeBytes(of: newValue, toByteOffset: 32, as: UInt32.self) }
    }
    var firstChunkCount: Int {
        get { Int(header.load(fromByteOffset: 36, as: UInt8.self)) }
        nonmutating set {
            header.storeBytes(of: UInt8(newValue), toByteOffset: 36, as: UInt8.self)
        }
    }
    var lastChunkCount: Int {
        get { Int(header.load(fromByteOffset: 37, as: UInt8.self)) }
        nonmutating set {
            header.storeBytes(of: UInt8(newValue), toByteOffset: 37, as: UInt8.self)
        }
    }
    var isUnderReclaim: Bool {
        get { header.load(fromByteOffset: 38, as: UInt8.self) != 0 }
        nonmutating set {
            header.storeBytes(of: newValue ? 1 : 0, toByteOffset: 38, as: UInt8.self)
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

    /// Makes an empty frame of whatever the memory held.
    func open(poolNumber number: UInt32) {
        header.initializeMemory(as: UInt8.self, repeating: 0, count: Chunk.byteCount)
        poolNumber = number
    }

    /// Takes the room of one buddy.
    @inline(__always)
    func take(_ buddy: ZbudHandle.Buddy, chunkCount: Int) {
        switch buddy {
        case .first: firstChunkCount = chunkCount
        case .last: lastChunkCount = chunkCount
        }
        ownerWord(buddy).pointee.store(0, ordering: .relaxed)
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
