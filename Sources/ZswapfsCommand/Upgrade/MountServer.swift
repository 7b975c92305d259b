import LinuxSystem
import SystemPackage
import ZswapCore

/// The process that serves a mount, found by the socket on which it answers questions.
///
///     mount ── socket of its device ──► process ── a name with its number ──► its listener
///
/// Law: nothing goes into the filesystem, and no answer is waited for longer than the patience.
struct MountServer {
    let mountPoint: String
    let process: Int32
    let query: MountQuery

    /// Throws `badPath` for what is no mount, and when its daemon does not answer or cannot be
    /// reached from here.
    init(of text: String) throws {
        let mount = try MountChoice.mount(at: text)
        query = try MountQuery(mount)
        try query.confirm(by: ContinuousClock.now.advanced(by: MountQuery.patience))
        guard let process = query.process else {
            throw CommandFailure(
                .unavailable,
                "\(mount.mountPoint): its daemon cannot be reached from this network namespace")
        }
        mountPoint = mount.mountPoint
        self.process = process
    }

    /// A line to the process that listens for the server under this name, of root or of this user.
    /// Nil: none does.
    func connect(to name: String) throws -> DescriptorChannel? {
        let channel: DescriptorChannel
        do {
            channel = try DescriptorChannel(connectingTo: name)
        } catch {
            guard error.errno == .connectionRefused else { throw error }
            return nil
        }
        let peer = try channel.peer()
        guard peer.userID == 0 || peer.userID == Privileges.userID else {
            throw CommandFailure(
                .notPermitted, "\(mountPoint): is served by user \(peer.userID), not by you")
        }
        return channel
    }
}
