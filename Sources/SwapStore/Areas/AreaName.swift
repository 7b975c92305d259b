import ZswapCore

/// The names that an area may have: file names, except those that the root directory reserves.
enum AreaName {
    static let reserved: Set<ByteText> = ["params", "stats"]

    /// Throws `nameTooLong` or `invalidName`.
    static func check(_ name: ByteText) throws(StoreError) {
        guard name.byteCount <= Limits.areaNameByteCountMax else { throw .nameTooLong }
        guard !name.isEmpty, name != ".", name != "..", !reserved.contains(name),
            !name.contains("/"), !name.contains("\0")
        else { throw .invalidName }
    }
}
