/// The cost of a page with `pageCount` pages stored. Nanoseconds a page, medians; by each worker.
public struct ScaleMeasurement: Codable, Sendable {
    /// Pages that are stored.
    public let pageCount: Int
    /// Bytes from the area's begin to its last page.
    public let areaByteCount: UInt64
    /// Workers that store and load at the same time.
    public let workerCount: Int
    /// Storing pages that were not there, in order, as swap does.
    public let store: Double
    /// Storing pages over old ones, anywhere.
    public let overwrite: Double
    /// Loading in order.
    public let loadInOrder: Double
    /// Loading anywhere.
    public let load: Double
    /// Forgetting pages, 2 MiB a request.
    public let discard: Double
    /// Bytes of page tables and bookkeeping for each stored page.
    public let metadataByteCountEach: Double

    private enum CodingKeys: String, CodingKey {
        case pageCount = "page_count"
        case areaByteCount = "area_bytes"
        case workerCount = "worker_count"
        case store = "store_ns"
        case overwrite = "overwrite_ns"
        case loadInOrder = "load_in_order_ns"
        case load = "load_ns"
        case discard = "discard_ns"
        case metadataByteCountEach = "metadata_bytes_each"
    }

    /// The times by name, in the order in which they are shown.
    public var times: [(name: String, nanoseconds: Double)] {
        [
            ("store", store), ("overwrite", overwrite), ("load in order", loadInOrder),
            ("load", load), ("discard", discard),
        ]
    }
}
