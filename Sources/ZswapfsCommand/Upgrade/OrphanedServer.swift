import LinuxSystem

/// A server that has lost its supervisor and takes another one.
struct OrphanedServer {
    /// The server looks for a supervisor every few seconds.
    private static let patienceMilliseconds = 15_000

    private let watch: ProcessWatch
    private let arguments: [String]
    private let restartCount: Int

    /// Waits until the server takes this process for its supervisor. Throws `unavailable` when it
    /// does not within the patience.
    init(_ server: MountServer) throws {
        restartCount = Int(try server.query.text("stats/restarts")) ?? 0
        arguments = try ProcessTable.arguments(of: server.process)
        guard let line = try Self.line(to: server) else {
            throw CommandFailure(
                .unavailable,
                "\(server.mountPoint): its daemon (process \(server.process)) takes no supervisor")
        }
        watch = try ProcessWatch(peerOf: line)
    }

    /// Supervises it to the end of the mount.
    func supervise(_ running: DaemonOptions) throws {
        let process = SupervisorProcess(
            arguments: SupervisorProcess.withoutDescriptor(arguments),
            level: running.logLevel.level, isBackground: !running.foreground)
        try process.run(.orphan(watch, restartCount: restartCount))
    }

    private static func line(to server: MountServer) throws -> DescriptorChannel? {
        let name = SupervisorLink.orphanName(ofServer: server.process)
        var line: DescriptorChannel?
        _ = try Patience.wait(milliseconds: Self.patienceMilliseconds) {
            line = try server.connect(to: name)
            return line != nil
        }
        return line
    }
}
