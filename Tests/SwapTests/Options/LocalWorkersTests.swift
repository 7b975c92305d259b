import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import ZswapfsCommand

/// The kernel's setting for workers, on plain files that stand for it: changed by the first device,
/// set back by the last.
@Suite(.serialized) struct LocalWorkersTests {
    private let scope = TemporaryFile("scope-\(UInt32.random(in: .min ... .max))")
    private let record = TemporaryFile("record-\(UInt32.random(in: .min ... .max))")
    private let swaps = Swaps()
    private var workers: LocalWorkers {
        LocalWorkers(scopePath: scope.path, recordPath: record.path) { [swaps] path in
            swaps.paths.contains(path)
        }
    }

    private final class Swaps: @unchecked Sendable {
        // Unchecked: one test, one thread.
        var paths: Set<String> = []
    }

    init() throws {
        try "cache\n".write(toFile: scope.path, atomically: false, encoding: .utf8)
    }

    private func setting() throws -> String {
        try String(contentsOfFile: scope.path, encoding: .utf8)
            .split(separator: "\n").first.map(String.init) ?? ""
    }

    private func add(_ number: Int) throws {
        let device = LoopDevice(index: number)
        try workers.add(device)
        swaps.paths.insert(device.path)
    }

    private func remove(_ number: Int) throws {
        let device = LoopDevice(index: number)
        swaps.paths.remove(device.path)
        try workers.remove(device)
    }

    @Test func theLastOneSetsItBack() throws {
        try add(3)
        #expect(try setting().hasPrefix("cpu"))
        try add(5)
        try remove(3)
        #expect(try setting().hasPrefix("cpu"))
        try remove(5)
        #expect(try setting() == "cache")
        // And again from the start.
        try add(3)
        #expect(try setting().hasPrefix("cpu"))
        try remove(3)
        #expect(try setting() == "cache")
    }

    @Test func devicesThatOthersSwitchedOffDoNotCount() throws {
        try add(3)
        try add(5)
        swaps.paths.remove(LoopDevice(index: 3).path)
        try remove(5)
        #expect(try setting() == "cache")
    }

    @Test func othersChangeNothing() throws {
        try remove(7)
        #expect(try setting() == "cache")
        try add(3)
        try remove(7)
        #expect(try setting().hasPrefix("cpu"))
    }

    @Test func aKernelWithoutTheSettingIsNamed() {
        let workers = LocalWorkers(scopePath: "/nonexistent/scope", recordPath: record.path)
        let failure = #expect(throws: CommandFailure.self) {
            try workers.add(LoopDevice(index: 3))
        }
        #expect(failure?.status == .unavailable)
        #expect(failure?.message.contains("/nonexistent/scope") == true)
        #expect(failure?.message.hasPrefix("--local: ") == true)
    }
}

extension SwapTests.SwapDeviceTests {
    /// The real setting, by the commands' own functions; and a failure after it sets it back.
    @Test(.enabled(if: Self.hasScope, "needs Linux 6.6 or later: \(LocalWorkers().scopePath)"))
    func theKernelsSettingComesAndGoes() throws {
        let before = try SystemText.attribute(LocalWorkers().scopePath)
        try #require(before != LocalWorkers.localScope, "set by another program")
        let file = TemporaryFile("local")
        var options = Self.options()
        options.isLocal = true
        _ = try SwapDevice.turnOn(path: file.path, label: "", options)
        #expect(try SystemText.attribute(LocalWorkers().scopePath) == LocalWorkers.localScope)
        try SwapDevice.turnOff(path: file.path)
        #expect(try SystemText.attribute(LocalWorkers().scopePath) == before)
        var surroundings = SwapDevice.Surroundings()
        surroundings.afterStep = { step in if step == .localized { throw Injected() } }
        let other = TemporaryFile("local-failing")
        #expect(throws: CommandFailure.self) {
            try SwapDevice.turnOn(path: other.path, label: "", options, surroundings)
        }
        #expect(try SystemText.attribute(LocalWorkers().scopePath) == before)
    }

    private static let hasScope =
        ((try? SystemText.attribute(LocalWorkers().scopePath)) ?? nil) != nil
}
