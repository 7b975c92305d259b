import Foundation
import LinuxSystem

/// The abilities of this machine to swap, and cleaning up after runs that were killed.
public enum SwapHost {
    /// Loop devices can be attached and swapped to: CAP_SYS_ADMIN and /dev/loop-control.
    public static let canSwap: Bool = {
        removeLeftovers()
        return Privileges.includeSystemAdministration && access(LoopControl.path, R_OK | W_OK) == 0
    }()

    /// Paths of the files of this test process that loop devices stand on now.
    public static func attachedTestFiles() -> [String] {
        LoopDevice.attached().compactMap(\.backingPath)
            .filter { $0.contains("/\(TemporaryFile.prefix)\(getpid())-") }
    }

    /// Waits until no other test on this machine swaps, and has the turn as long as the file is
    /// kept: tests at the same time would swap to each other's areas.
    public static func waitForTurn() throws -> OpenFile {
        let path = "/var/tmp/zswapfs-swap-tests.lock"
        try? OpenFile(path, for: .creating).close()
        let file = try OpenFile(path, for: .readingAndWriting)
        let isOurs = Patience.wait(milliseconds: 200_000) { (try? file.tryLock()) == true }
        guard isOurs else { throw CallFailure("flock \(path)", EWOULDBLOCK) }
        return file
    }

    /// Runs a program and gives its exit status and everything that it wrote.
    public static func run(_ program: String, _ arguments: [String]) throws -> (Int32, String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        ) { old, added in "\(old):\(added)" }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// True when the program is installed, in /usr/sbin too.
    public static func has(_ program: String) -> Bool {
        (try? run("sh", ["-c", "command -v \(program)"]))?.0 == 0
    }

    /// Takes down what test processes that are gone have left. Those that run are let alone.
    public static func removeLeftovers() {
        // First the swapped processes: pages without an owner need not be read back.
        MemoryGroup.removeLeftovers(isLeftover)
        for device in LoopDevice.attached() where isLeftover(device.backingPath ?? "") {
            detach(device)
        }
        for mount in (try? MountTable.current().entries) ?? [] where isLeftover(mount.mountPoint) {
            removeMount(at: mount.mountPoint)
        }
        // Without the table nothing is known to be unmounted.
        guard let mounts = try? MountTable.current().entries else { return }
        for directory in [TemporaryFile.directory, TemporaryFile.memoryDirectory, "/tmp"] {
            for name in SystemText.names(inDirectory: directory) where isLeftover(name) {
                let path = "\(directory)/\(name)"
                // Not into what is still mounted there, for whatever reason.
                if mounts.contains(where: { $0.mountPoint.hasPrefix(path) }) { continue }
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    /// Ends the swap on all areas of a mount, detaches their loop devices, and unmounts.
    public static func removeMount(at path: String) {
        for device in LoopDevice.attached()
        where device.backingPath?.hasPrefix(path + "/") == true {
            detach(device)
        }
        guard let mounts = try? MountTable.current(),
            mounts.entries.contains(where: { $0.mountPoint == path })
        else { return }
        // A device that detaches itself lets go of its area a moment later.
        _ = Patience.wait(milliseconds: 5000) { umount2(path, 0) == 0 || errno == EINVAL }
    }

    private static func detach(_ device: LoopDevice) {
        if let entry = try? SwapTable.current().entry(for: device) {
            try? SwapActivation.turnOff(entry.path)
        }
        try? OpenFile(device.path, for: .reading).loopDetach()
    }

    /// `.../zswapfs-test-PID-name` of a PID that is no more.
    private static func isLeftover(_ path: String) -> Bool {
        guard let start = path.range(of: TemporaryFile.prefix)?.upperBound,
            let process = pid_t(path[start...].prefix { $0 != "-" })
        else { return false }
        return kill(process, 0) != 0
    }
}
