import Arena
import FuseServer
import Glibc

/// The state that a server takes over from the one before it.
struct Legacy: Sendable {
    /// The name of the mount's /dev/fuse.
    static let fuseName = "fuse"

    /// Open descriptors by name; the new server owns them.
    var descriptors: [String: CInt]
    /// Number of servers of this mount that have died.
    var restartCount: Int
    /// The cause of the last one's death: `SIGKILL`, `status 1`.
    var reason: String
    /// The time of that death, by CLOCK_MONOTONIC, in nanoseconds.
    var diedAtNanoseconds: Int64

    /// The arena's memory, if it was mapped while this process waited.
    var mapping: StandbyMapping?

    /// Answers reads before the server does, if it was made while this process waited.
    var early: EarlyReads?

    /// The store's part of it.
    var store: StoreLegacy {
        StoreLegacy(descriptors: descriptors, mapping: mapping, early: early)
    }

    /// Closes a descriptor of which there is a copy by now.
    func close(_ name: String) {
        if let descriptor = descriptors[name] { Glibc.close(descriptor) }
    }
}
