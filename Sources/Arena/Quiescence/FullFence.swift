#if !arch(x86_64)
public import Synchronization
#endif

/// A full fence behind an atomic exchange: no later read, atomic or not, moves before it.
///
///     worker:  slot = epoch ─ fence ─ reads what it finds        one of the two sees the other:
///     other:   unlinks ─ epoch + 1 ─ fence ─ reads the slots     the slot, or that it is unlinked
///
/// On x86-64 a locked instruction is a full fence already, so nothing is added. On arm64 an
/// exchange that acquires and releases lets later plain loads pass its store: there it takes `dmb`.
@usableFromInline enum FullFence {
    @inlinable @inline(__always)
    static func behindExchange() {
        #if !arch(x86_64)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        #endif
    }
}
