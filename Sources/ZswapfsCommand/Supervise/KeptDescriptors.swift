import LinuxSystem

/// The descriptors that a supervisor holds open for the next server, by name.
///
/// Law: at most ``countMax``, so that a faulty server cannot use up its supervisor's descriptors.
struct KeptDescriptors {
    static let countMax = 64

    private(set) var entries: [(name: String, descriptor: PassedDescriptor)] = []

    init() { entries.reserveCapacity(Self.countMax) }

    /// Takes one, in place of the one of the same name. False: ``countMax`` are kept, and it is
    /// closed.
    mutating func keep(_ descriptor: PassedDescriptor, as name: String) -> Bool {
        if let place = entries.firstIndex(where: { $0.name == name }) {
            entries[place].descriptor = descriptor
            return true
        }
        guard entries.count < Self.countMax else { return false }
        entries.append((name, descriptor))
        return true
    }

    /// Closes the one of this name. False: there is none.
    mutating func drop(_ name: String) -> Bool {
        guard let place = entries.firstIndex(where: { $0.name == name }) else { return false }
        entries.remove(at: place)
        return true
    }
}
