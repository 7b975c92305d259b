extension Dictionary {
    /// Frees the capacity that the dictionary keeps from when it held many more entries; it never
    /// does so by itself. Call it after removing: it costs nothing until seven of eight entries are
    /// gone.
    public mutating func releaseExcess() {
        guard capacity > 64, count * 8 < capacity else { return }
        self = Dictionary(uniqueKeysWithValues: map { ($0.key, $0.value) })
    }
}
