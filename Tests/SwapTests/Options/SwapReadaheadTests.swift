import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import ZswapfsCommand

/// The kernel's readahead for swap, on plain files that stand for it: the device added last
/// decides, the last one that goes sets it back, and what others set stays.
@Suite(.serialized) struct SwapReadaheadTests {
    private let settingFile = TemporaryFile("readahead-\(UInt32.random(in: .min ... .max))")
    private let record = TemporaryFile("readahead-record-\(UInt32.random(in: .min ... .max))")
    private let swaps = Swaps()
    private var readahead: SwapReadahead {
        SwapReadahead(
            settingPath: settingFile.path, record: RecordFile(path: record.path)
        ) { [swaps] path in swaps.paths.contains(path) }
    }

    private final class Swaps: @unchecked Sendable {
        // Unchecked: one test, one thread.
        var paths: Set<String> = []
    }

    init() throws { try set("3") }

    private func set(_ value: String) throws {
        try (value + "\n").write(toFile: settingFile.path, atomically: false, encoding: .utf8)
    }

    private var setting: String {
        (try? SystemText.attribute(settingFile.path)) ?? "gone"
    }

    private var recordText: String {
        get throws { try SystemText.attribute(record.path) ?? "" }
    }

    private func add(_ number: Int, _ order: Int) throws {
        let device = LoopDevice(index: number)
        try readahead.add(device, order)
        swaps.paths.insert(device.path)
    }

    private func remove(_ number: Int) throws {
        let device = LoopDevice(index: number)
        swaps.paths.remove(device.path)
        try readahead.remove(device)
    }

    @Test func theLastAddedDecidesAndTheLastGoneSetsItBack() throws {
        try add(3, 5)
        #expect(setting == "5")
        try add(5, 4)
        #expect(setting == "4")
        try remove(5)
        #expect(setting == "5")
        try add(7, 0)
        #expect(setting == "0")
        try remove(3)
        #expect(setting == "0")
        try remove(7)
        #expect(setting == "3")
        #expect(try recordText == "")
        try remove(7)
        #expect(setting == "3")
    }

    @Test func theSameDeviceAgainIsOneDevice() throws {
        try add(3, 5)
        try add(3, 2)
        #expect(setting == "2")
        try remove(3)
        #expect(setting == "3")
    }

    @Test func devicesThatOthersSwitchedOffDoNotCount() throws {
        try add(3, 5)
        try add(5, 4)
        swaps.paths.remove(LoopDevice(index: 3).path)
        try remove(5)
        #expect(setting == "3")
        try add(3, 5)
        swaps.paths.remove(LoopDevice(index: 3).path)
        // What was before is still known.
        try add(5, 1)
        try remove(5)
        #expect(setting == "3")
    }

    @Test func whatSomeoneElseSetStays() throws {
        try add(3, 5)
        try add(5, 4)
        try set("2")
        try remove(5)
        #expect(setting == "2")
        try remove(3)
        #expect(setting == "2")
        try add(3, 5)
        try set("1")
        // It is what was before, for the next one.
        try add(5, 4)
        #expect(setting == "4")
        try remove(5)
        #expect(setting == "1")
    }

    /// Killed after the record was written, or after the setting was: the next command knows.
    @Test(arguments: ["3", "5"]) func aKilledCommandIsExplained(reached: String) throws {
        try "original 3\nset 5\nwas 3\n/dev/loop3 5\n"
            .write(toFile: record.path, atomically: false, encoding: .utf8)
        try set(reached)
        try remove(3)
        #expect(setting == "3")
        #expect(try recordText == "")
        try "original 3\nset 5\nwas 3\n/dev/loop3 5\n"
            .write(toFile: record.path, atomically: false, encoding: .utf8)
        try set(reached)
        try add(5, 1)
        try remove(5)
        #expect(setting == "3")
    }

    @Test(arguments: [
        "", "x", "original", "original 3\n/dev/loop3", "original -1\nset 5\n", "set 5",
    ])
    func aRecordThatSaysNothingIsForgotten(text: String) throws {
        #expect(ReadaheadRecord(text) == nil)
        try text.write(toFile: record.path, atomically: false, encoding: .utf8)
        try remove(3)
        #expect(setting == "3")
        try text.write(toFile: record.path, atomically: false, encoding: .utf8)
        try add(3, 5)
        try remove(3)
        #expect(setting == "3")
    }

    @Test func aKernelWithoutTheSettingIsNamed() {
        let readahead = SwapReadahead(
            settingPath: "/nonexistent/page-cluster", record: RecordFile(path: record.path))
        let failure = #expect(throws: CommandFailure.self) {
            try readahead.add(LoopDevice(index: 3), 5)
        }
        #expect(failure?.status == .unavailable)
        #expect(failure?.message.contains("/nonexistent/page-cluster") == true)
    }
}

extension SwapTests.SwapDeviceTests {
    /// The real setting, by the commands' own functions; and a failure after it sets it back.
    @Test func theReadaheadComesAndGoes() throws {
        let path = SwapReadahead().settingPath
        let before = try #require(try SystemText.attribute(path))
        let wanted = before == "5" ? 4 : 5
        let file = TemporaryFile("readahead")
        var options = Self.options()
        options.readahead = wanted
        _ = try SwapDevice.turnOn(path: file.path, label: "", options)
        #expect(try SystemText.attribute(path) == "\(wanted)")
        try SwapDevice.turnOff(path: file.path)
        #expect(try SystemText.attribute(path) == before)
        var surroundings = SwapDevice.Surroundings()
        surroundings.afterStep = { step in if step == .readAhead { throw Injected() } }
        let other = TemporaryFile("readahead-failing")
        #expect(throws: CommandFailure.self) {
            try SwapDevice.turnOn(path: other.path, label: "", options, surroundings)
        }
        #expect(try SystemText.attribute(path) == before)
    }
}
