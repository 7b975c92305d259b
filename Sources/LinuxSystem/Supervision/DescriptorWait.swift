import Glibc

/// Waiting for several descriptors at a time: poll(2).
public enum DescriptorWait {
    /// Waits until a descriptor is readable or closed by the other side, and says for each place
    /// whether it is. A negative number is skipped. All are false when the time has passed; without
    /// a time it waits as long as it takes.
    public static func readable(_ descriptors: [CInt], milliseconds: Int? = nil) -> [Bool] {
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let time = milliseconds.map { CInt(clamping: max($0, 0)) } ?? -1
        guard poll(&entries, nfds_t(entries.count), time) > 0 else {
            return entries.map { _ in false }
        }
        return entries.map { $0.revents != 0 }
    }
}
