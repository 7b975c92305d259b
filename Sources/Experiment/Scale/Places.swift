import ZswapCore

/// The places of pages in an area larger than its contents: clusters, spread evenly.
struct Places: Sendable {
    private let clusterPageCount: Int
    private let clusterStride: Int

    /// Spreads `pageCount` pages, in whole clusters, over an area of `areaPageCount`.
    init(pageCount: Int, areaPageCount: Int, clusterPageCount: Int) {
        invariant(pageCount > 0 && pageCount <= areaPageCount)
        self.clusterPageCount = clusterPageCount
        let clusterCount = (pageCount + clusterPageCount - 1) / clusterPageCount
        let stride = areaPageCount / clusterCount / clusterPageCount * clusterPageCount
        clusterStride = max(stride, clusterPageCount)
    }

    /// The page number of a page.
    subscript(index: Int) -> Int {
        index / clusterPageCount * clusterStride + index % clusterPageCount
    }
}
