import LinuxSystem
import SystemPackage
import ZswapCore

/// Asks a loop device for its backing file without waiting for the filesystem of that file.
///
///     command ── a child of ours ──► LOOP_GET_STATUS64 ──► the kernel asks the file's filesystem
///        └─ two seconds without an answer: ETIMEDOUT
///
/// Law: only the child waits in the kernel where a daemon does not answer.
/// Cost: a process for each question, some 10 ms.
extension LoopDevice {
    /// Nil when it stands on nothing. Throws ETIMEDOUT, and ENOTCONN where the daemon of the file
    /// has died.
    func answeredStatus() throws(SystemFailure) -> LoopStatus? {
        guard let message = try childsAnswer() else {
            // The child ended without a word: this is no program with our commands.
            return try open(for: .reading).loopStatus()
        }
        guard message.code == 0 else {
            throw SystemFailure(
                call: "LOOP_GET_STATUS64",
                errno: Errno(rawValue: CInt(truncatingIfNeeded: message.code)), path: path)
        }
        return LoopStatus(line: String(decoding: message.body, as: UTF8.self))
    }

    /// Nil: it ended without one.
    private func childsAnswer() throws(SystemFailure) -> LocalMessage? {
        let deadline = ContinuousClock.now.advanced(by: MountQuery.patience)
        let reader = try OwnProgram([ControlReaderCommand.name, "/"])
        do {
            try reader.stream.send(ControlQuestion(.loop, path).message, by: deadline)
            return try reader.stream.receive(by: deadline)
        } catch {
            guard [.brokenPipe, .connectionReset].contains(error.errno) else { throw error }
            return nil
        }
    }
}

/// A status as a line, `7:3 4096 1 NAME`.
extension LoopStatus {
    var line: String {
        "\(backing.device) \(backing.inode) \(detachesItself ? 1 : 0) \(name)"
    }

    init?(line: String) {
        let fields = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, let device = DeviceNumber(parsing: String(fields[0])),
            let inode = UInt64(fields[1])
        else { return nil }
        self.init(
            backing: FileIdentity(device: device, inode: inode), detachesItself: fields[2] == "1",
            name: String(fields[3]))
    }
}
