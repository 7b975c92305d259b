extension Dictionary {
    /// Gives back what the dictionary keeps since it held many more entries: it never does so by
    /// itself. To be called after removing; costs nothing until seven of eight are gone.
    public mutating func releaseExcess() {
        guard capacity > 64, count * 8 < capacity else { return }
        self = Dictionary(uniqueKeysWithValues: map { ($0.key, $0.value) })
    }
}
