import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A zswapfs of a test's own: the real program, serving at a directory under /tmp.
///
/// Law: nothing is left of it when it is dropped, whatever happened before; swap goes off before
/// the daemon ends.
final class SwapMount {
    /// The reason why there is none, or why it does not go away.
    struct Trouble: Error { let text: String }

    /// The mount point.
    let path: String
    private let daemon = Process()
    private let output = TemporaryFile("daemon-\(UInt32.random(in: .min ... .max))")

    /// Kept as long as the mount: test runs at the same time would swap to each other's areas.
    private let turn: OpenFile

    /// Mounts, and waits until it serves.
    init(_ name: String, options: [String] = []) throws {
        turn = try SwapHost.waitForTurn()
        path = "/tmp/\(TemporaryFile.prefix)\(getpid())-\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: output.path, contents: nil) else {
            throw Trouble(text: "no file for the log")
        }
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: output.path))
        daemon.executableURL = URL(fileURLWithPath: ZswapfsProgram.path)
        daemon.arguments = ["mount", path, "--foreground"] + options.flatMap { ["-o", $0] }
        daemon.standardInput = FileHandle.nullDevice
        daemon.standardOutput = log
        daemon.standardError = log
        try daemon.run()
        let serves = Patience.wait(milliseconds: 20_000) {
            !daemon.isRunning || FileManager.default.fileExists(atPath: "\(path)/params/zpool")
        }
        guard serves, daemon.isRunning else {
            takeDown()
            throw Trouble(text: "does not serve: \(self.log)")
        }
    }

    deinit { takeDown() }

    /// Whether a mount can be made here and swapped to, with a group for the process.
    static let canSwapProcesses =
        SwapHost.canSwap && ZswapfsProgram.isHere && access("/dev/fuse", R_OK | W_OK) == 0
        && MemoryGroup.canBeMade && SwapHost.has("python3")
    /// The requirements of `canSwapProcesses`, for a skipped test.
    static let swapNeeds: Comment =
        "needs CAP_SYS_ADMIN, /dev/fuse, loop devices, a memory cgroup, python3, a built zswapfs"

    /// False once the daemon has ended.
    var daemonIsRunning: Bool { daemon.isRunning }
    /// The process that serves.
    var identifier: pid_t { ServerProcess.serving(path) ?? daemon.processIdentifier }
    /// The daemon's output.
    var log: String { (try? String(contentsOfFile: output.path, encoding: .utf8)) ?? "" }

    /// The path of an area, or of a control file.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The text of a control file, without its newline.
    func text(_ name: String) throws -> String {
        guard let text = try SystemText.attribute(file(name)) else {
            throw Trouble(text: "no \(name)")
        }
        return text
    }

    /// The value of a control file that holds one number.
    func number(_ name: String) throws -> Int {
        let text = try text(name)
        guard let number = Int(text) else { throw Trouble(text: "\(name) holds \(text)") }
        return number
    }

    /// A number that stands behind its name in a control file of several lines.
    func value(_ name: String, in file: String) throws -> Int {
        guard let value = SystemText.value(of: name, in: try text(file)).flatMap({ Int($0) }) else {
            throw Trouble(text: "no \(name) in \(file)")
        }
        return value
    }

    /// Sets a parameter.
    func set(_ parameter: String, to value: String) throws {
        _ = try SystemText.setAttribute(file("params/\(parameter)"), to: value)
    }

    /// `zswapfs swap on` for an area.
    func swapOn(
        _ area: String, megabyteCount: Int, discard: String = "pages"
    ) throws -> LoopDevice {
        let outcome = try ZswapfsProgram.run([
            "swap", "on", file(area), "--size", "\(megabyteCount)M", "--priority", "32767",
            "--discard", discard,
        ])
        guard outcome.status == 0, let device = LoopDevice(path: outcome.output) else {
            throw Trouble(text: "swap on: \(outcome)")
        }
        return device
    }

    /// `zswapfs swap off` for an area.
    func swapOff(_ area: String) throws {
        var outcome = try ZswapfsProgram.run(["swap", "off", file(area)])
        // Pages of others that came here may have no room in their own group now.
        for _ in 0..<30 where outcome.status == 69 {
            sleep(1)
            outcome = try ZswapfsProgram.run(["swap", "off", file(area)])
        }
        guard outcome.status == 0 else { throw Trouble(text: "swap off: \(outcome)") }
    }

    /// The entry of an area's device in the kernel's table.
    func swapEntry(_ area: String) throws -> SwapTable.Entry? {
        let table = try SwapTable.current()
        return devices.first { $0.backingPath == file(area) }.flatMap { table.entry(for: $0) }
    }

    /// Loop devices that stand on this mount's areas.
    var devices: [LoopDevice] {
        LoopDevice.attached().filter { $0.backingPath?.hasPrefix(path + "/") == true }
    }

    /// The number of bytes that must be exceeded in the area when `byteCount` are swapped out: all,
    /// or 0 while other swap areas of the machine take a share.
    func share(ofByteCount byteCount: Int) -> Int {
        (try? SwapTable.current().entries.count) == 1 ? byteCount : 0
    }

    /// `zswapfs unmount`, and the daemon's end with status 0.
    func unmount() throws {
        let outcome = try ZswapfsProgram.run(["unmount", path])
        guard outcome.status == 0 else { throw Trouble(text: "unmount: \(outcome)") }
        // A mount namespace that is made now has a copy of the mount, and the daemon serves that.
        let ended = Patience.wait(milliseconds: 20_000) { !daemon.isRunning || isShownElsewhere }
        guard ended else { throw Trouble(text: "the daemon goes on: \(log)") }
        guard daemon.isRunning || daemon.terminationStatus == 0 else {
            throw Trouble(text: "the daemon ended with \(daemon.terminationStatus): \(log)")
        }
    }

    /// Whether another mount namespace has a copy of the mount.
    private var isShownElsewhere: Bool {
        SystemText.names(inDirectory: "/proc").contains { name in
            guard Int(name) != nil else { return false }
            return (try? SystemText.read("/proc/\(name)/mountinfo").contains(path)) == true
        }
    }

    private func takeDown() {
        SwapHost.removeMount(at: path)
        // Unmounted, it ends by itself. It is never killed while something may be swapped to it.
        _ = Patience.wait(milliseconds: 20_000) { !daemon.isRunning }
        rmdir(path)
    }
}
