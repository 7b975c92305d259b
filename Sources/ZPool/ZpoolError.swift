/// The reason why a pool call failed. Each case is one errno, the one that the kernel's zpool
/// gives.
public enum ZpoolError: Error, Equatable, Sendable {
    /// EINVAL: a size of 0, shrinking by nothing, shrinking a pool that can't evict.
    case invalidArgument
    /// ENOSPC: the object is larger than the pool takes.
    case tooLarge
    /// ENOMEM: the arena has no free frame.
    case outOfMemory
    /// EBUSY: a pool of the driver exists.
    case busy
    /// ENOENT: no driver of that name.
    case unknownDriver
    /// EEXIST: a driver of that name is registered.
    case duplicateDriver
    /// EAGAIN: pages were tried, none could be evicted.
    case tryAgain
}
