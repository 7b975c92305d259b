import Experiment
import Foundation
import LinuxSystem

/// One run of the swapped program on one peer, from nothing to nothing.
struct SwapRun {
    /// Longest time that the program may take, in milliseconds.
    private static let milliseconds = 600_000

    let peer: SwapPeer
    let plan: SwapPlan

    /// Sets the device up, runs the program in a memory cgroup, takes everything down.
    func run() throws -> SwappedProgram.Report {
        var undo = UndoList()
        do {
            let report = try run(&undo)
            let complaints = undo.run()
            guard complaints.isEmpty else {
                throw BenchFailure(complaints.joined(separator: "; "))
            }
            return report
        } catch {
            for complaint in undo.run() { StandardError.write("zswapfs-bench: \(complaint)") }
            throw error
        }
    }

    private func run(_ undo: inout UndoList) throws -> SwappedProgram.Report {
        let pinning = plan.pin.map { Pinning(processor: $0) }
        if let pinning {
            // What is started now inherits it; helpers of helpers too.
            try pinning.pin(process: 0)
            undo.add("unpin") { pinning.putBack() }
            try UnboundWork.pin(to: pinning.processor, undo: &undo)
        }
        // Loop devices take it when they are attached.
        if plan.isLocal { try UnboundWork.keepLocal(undo: &undo) }
        let place = try SwapPlace(peer, plan.request, undo: &undo)
        for server in place.servers { try pinning?.pin(process: server) }
        let report = try runProgram(device: place.device)
        try check(report)
        return report
    }

    private func runProgram(device: String) throws -> SwappedProgram.Report {
        let group = try MemoryGroup(
            named: "zswapfs-bench-\(getpid())", limitByteCount: plan.limitByteCount)
        let output = "\(plan.samplesPath).report"
        defer { try? SystemText.remove(output) }
        var arguments = [
            "program", "--pages", "\(plan.pageCount)", "--samples", plan.samplesPath, "--device",
            device, "--group", group.processesPath,
        ]
        arguments += TouchOptions.arguments(for: plan.touches)
        if !plan.scans { arguments += ["--no-scan"] }
        if !plan.comparesAll { arguments += ["--no-compare"] }
        if let pin = plan.pin { arguments += ["--pin", "\(pin)"] }
        let process = try RunningProcess("/proc/self/exe", arguments, output: output)
        // Before the group, which can only go after it.
        defer { process.kill() }
        var interruption: Interruption?
        let ended = Patience.wait(milliseconds: Self.milliseconds) {
            do throws(Interruption) {
                try Interruption.check()
            } catch {
                interruption = error
            }
            return interruption != nil || process.exitStatus != nil
        }
        if let interruption { throw interruption }
        guard ended else { throw BenchFailure("\(peer): the program did not end in time") }
        guard process.exitStatus == 0 else {
            throw BenchFailure("\(peer): the program ended with \(process.exitStatus ?? -1)")
        }
        let text = try SystemText.read(output)
        return try JSONDecoder().decode(SwappedProgram.Report.self, from: Data(text.utf8))
    }

    /// Every byte was right, and the pages were on this device and no other.
    private func check(_ report: SwappedProgram.Report) throws {
        guard report.wrongPageCount == 0 else {
            throw BenchFailure("\(peer): \(report.wrongPageCount) pages came back wrong")
        }
        guard report.deviceByteCount > 0,
            report.deviceByteCount >= report.swappedByteCount / 10 * 9
        else {
            throw BenchFailure(
                "\(peer): \(report.swappedByteCount) bytes were swapped out, but only "
                    + "\(report.deviceByteCount) to its device; is something else swapped to?")
        }
    }
}

/// The measurement that every peer runs.
struct SwapPlan {
    /// Pages of the program.
    var pageCount: Int
    /// Memory that it may have.
    var limitByteCount: Int
    /// The touches of its last phase.
    var touches: TouchPattern
    /// Whether it reads all of its memory in order before that.
    var scans = true
    /// Whether it reads all of its memory once more at the end.
    var comparesAll = true
    /// A file of raw pages.
    var samplesPath: String
    /// The processor for everything.
    var pin: Int?
    /// Whether unbound work stays on the processor that asks for it.
    var isLocal: Bool
    /// The device.
    var request: SwapRequest
}
