/// The times of free and malloc in one driver. Medians.
public struct AllocationMeasurement: Codable, Sendable {
    /// The driver.
    public let zpool: String
    /// Objects in the pool.
    public let liveCount: Int
    /// Nanoseconds for a free of any object and a malloc, by one thread.
    public let pair: Double
    /// Nanoseconds for a malloc and a free of that object.
    public let warmPair: Double
    /// Nanoseconds for the same in a plain free list.
    public let listPair: Double
    /// The rate of two threads on different size classes, as a multiple of one thread's rate.
    public let gain: Double
    /// The same of two plain free lists: what this machine gives.
    public let listGain: Double

    private enum CodingKeys: String, CodingKey {
        case zpool
        case liveCount = "live_objects"
        case pair = "pair_ns"
        case warmPair = "warm_pair_ns"
        case listPair = "free_list_pair_ns"
        case gain = "two_threads_by_one"
        case listGain = "free_list_two_threads_by_one"
    }
}
