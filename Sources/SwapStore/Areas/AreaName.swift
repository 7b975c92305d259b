import ZswapCore

/// Which names an area may have: those of a file, but none that the root directory keeps for
/// itself.
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
