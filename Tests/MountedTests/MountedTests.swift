import TestSupport
import Testing

/// The filesystem through real system calls on real mounts. Serialized: each test's daemon locks
/// memory and has the machine's processors for itself.
@Suite(
    .serialized,
    .enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs to mount"))
struct MountedTests {}
