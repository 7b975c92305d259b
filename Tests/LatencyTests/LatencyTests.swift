import Arena
import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import Latency

/// A day of a mount on a virtual clock: reads at given times, looks when the thread would look.
struct VirtualMount {
    private var window = BurstWindow()
    private var hysteresis = LatencyHysteresis()
    private var nextLook: Int64?
    private var readsSinceLook: Int64 = 0
    private(set) var changes: [(at: Int64, isHeld: Bool)] = []
    private(set) var lookCount = 0
    private(set) var wakeCount = 0

    /// Time goes on to this moment: looks that are due happen.
    mutating func advance(to now: Int64) {
        while let due = nextLook, due <= now {
            look(at: due, isBurst: false)
        }
    }

    /// A read that may be a fault's, answered at this time.
    mutating func read(at now: Int64) {
        advance(to: now)
        readsSinceLook += 1
        guard nextLook == nil else { return }
        window = window.adding(readAt: now)
        if window.isBurst {
            wakeCount += 1
            look(at: now, isBurst: true)
        }
    }

    private mutating func look(at now: Int64, isBurst: Bool) {
        lookCount += 1
        let before = hysteresis.isHeld
        let looksAgain = hysteresis.look(mode: .auto, isBurst: isBurst, readCount: readsSinceLook)
        readsSinceLook = 0
        nextLook = looksAgain ? now + LatencyHysteresis.lookNanoseconds : nil
        if hysteresis.isHeld != before { changes.append((now, hysteresis.isHeld)) }
    }
}

private let millisecond: Int64 = 1_000_000

@Suite struct LatencyHysteresisTests {
    @Test func aBurstIsHeldFromItsFourthReadToShortlyAfterItsLast() throws {
        var mount = VirtualMount()
        // Two seconds of a fault each 50 µs.
        let begin = 1000 * millisecond
        for index in 0..<40_000 as Range<Int64> { mount.read(at: begin + index * 50_000) }
        let last = begin + 39_999 * 50_000
        mount.advance(to: last + 60_000 * millisecond)
        try #require(mount.changes.map(\.isHeld) == [true, false])
        #expect(mount.changes[0].at == begin + 3 * 50_000)
        #expect(mount.changes[1].at - last > 5 * millisecond)
        #expect(mount.changes[1].at - last <= 30 * millisecond)
        #expect(mount.wakeCount == 1)
    }

    @Test(arguments: [1, 2, 3]) func aFewReadsChangeNothing(count: Int64) {
        var mount = VirtualMount()
        for second in 1..<100 as Range<Int64> {
            for index in 0..<count {
                mount.read(at: second * 1000 * millisecond + index * 100_000)
            }
        }
        #expect(mount.changes.isEmpty)
        #expect(mount.lookCount == 0)
    }

    @Test func readsFarApartChangeNothingHoweverMany() {
        var mount = VirtualMount()
        for index in 1..<10_000 as Range<Int64> { mount.read(at: index * 2 * millisecond) }
        #expect(mount.changes.isEmpty)
        #expect(mount.wakeCount == 0)
    }

    /// A trickle that goes on after a burst is not worth keeping processors awake for.
    @Test func aTrickleEndsIt() throws {
        var mount = VirtualMount()
        for index in 0..<100 as Range<Int64> { mount.read(at: index * 50_000) }
        for index in 1..<1000 as Range<Int64> { mount.read(at: index * 25 * millisecond) }
        try #require(mount.changes.map(\.isHeld) == [true, false])
        #expect(mount.changes[1].at < 60 * millisecond)
    }

    /// A program that computes 8 ms between groups of faults: one hold, not one for each group.
    @Test func pausesWithinABurstAreBridged() {
        var mount = VirtualMount()
        for group in 0..<500 as Range<Int64> {
            for index in 0..<10 as Range<Int64> {
                mount.read(at: group * 9 * millisecond + index * 100_000)
            }
        }
        mount.advance(to: 100_000 * millisecond)
        #expect(mount.changes.map(\.isHeld) == [true, false])
    }

    /// For any pattern of reads, the kernel is asked for a change at most every 20 ms or so.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func changesAreFew(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var mount = VirtualMount()
        var now: Int64 = 0
        for _ in 0..<20_000 {
            now += Int64(random.next() % (random.next() % 16 == 0 ? 60_000_000 : 400_000))
            mount.read(at: now)
        }
        mount.advance(to: now + 1000 * millisecond)
        #expect(mount.changes.count.isMultiple(of: 2))
        let holds = mount.changes.filter(\.isHeld).count
        #expect(Int64(holds) <= now / LatencyHysteresis.lookNanoseconds / 2 + 1)
        for (change, next) in zip(mount.changes, mount.changes.dropFirst()) where change.isHeld {
            #expect(next.at - change.at >= 2 * LatencyHysteresis.lookNanoseconds)
        }
    }

    @Test func modesDecideByThemselves() {
        var hysteresis = LatencyHysteresis()
        let looksAtLow = hysteresis.look(mode: .low, isBurst: false, readCount: 0)
        #expect(hysteresis.isHeld && !looksAtLow)
        let looksAtOff = hysteresis.look(mode: .off, isBurst: true, readCount: 1000)
        #expect(!hysteresis.isHeld && !looksAtOff)
    }
}

@Suite struct BurstWindowTests {
    @Test func aClockThatGoesBackBeginsAnew() {
        var window = BurstWindow()
        for _ in 0..<3 { window = window.adding(readAt: 5000 * millisecond) }
        window = window.adding(readAt: 4000 * millisecond)
        #expect(!window.isBurst)
        #expect(!BurstWindow().adding(readAt: .min).isBurst)
        #expect(!BurstWindow().adding(readAt: .max).isBurst)
    }

    @Test func copyingTakesReadsBack() {
        var window = BurstWindow()
        for _ in 0..<1000 {
            window = window.subtractingOne.adding(readAt: 7 * millisecond)
            #expect(!window.isBurst)
        }
        #expect(BurstWindow().subtractingOne == BurstWindow())
    }

    @Test func theCountStaysInItsPlace() {
        var window = BurstWindow()
        for _ in 0..<1000 { window = window.adding(readAt: 7 * millisecond) }
        #expect(window.isBurst)
        #expect(window.word >> 8 == 7000)
        #expect(!window.adding(readAt: 11 * millisecond).isBurst)
    }
}

/// The real thread, with a plain file in the place of the device.
@Suite(.timeLimit(.minutes(10))) struct LatencyControlTests {
    private let file = TemporaryFile("latency-\(UInt32.random(in: .min ... .max))")

    /// The last request to the device; nil: none yet.
    private var request: Int32? {
        guard let data = FileManager.default.contents(atPath: file.path), data.count == 4 else {
            return nil
        }
        return data.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
    }

    private func become(_ state: LatencyReport.State, _ control: LatencyControl) -> Bool {
        Patience.wait(milliseconds: 10_000) { control.report.state == state }
    }

    private func withControl(_ body: (LatencyControl) throws -> Void) throws {
        try Data().write(to: URL(fileURLWithPath: file.path))
        let control = LatencyControl(opening: file.path)
        let keeper = LatencyKeeper(of: control)
        try #require(keeper.start())
        defer { keeper.stop() }
        try body(control)
    }

    @Test func aBurstHoldsAndItsEndReleases() throws {
        try withControl { control in
            let counter = control.pulse.makeCounter()
            #expect(control.report.state == .released)
            for round in 1...3 {
                let held = Patience.wait(milliseconds: 10_000) {
                    for _ in 0..<10 { counter.note(byteCount: 4096) }
                    return control.report.state == .held
                }
                #expect(held)
                #expect(request == 0)
                #expect(become(.released, control))
                #expect(request == -1)
                #expect(control.report.changeCount == 2 * round)
            }
            #expect(control.report.heldNanoseconds >= 3 * LatencyHysteresis.lookNanoseconds)
            #expect(control.report.heldNanoseconds < control.report.nanoseconds)
        }
    }

    @Test func copyingFilesHoldsNothing() throws {
        try withControl { control in
            let counter = control.pulse.makeCounter()
            for _ in 0..<1000 {
                counter.note(byteCount: 1 << 20)
                counter.note(byteCount: 128 << 10)
                // What is left of a cut one.
                counter.note(byteCount: 1 << 20)
                counter.note(byteCount: 4096)
            }
            Thread.sleep(forTimeInterval: 0.05)
            #expect(control.report.changeCount == 0)
            #expect(request == nil)
        }
    }

    @Test func modesAreInForceWhenTheyAreSet() throws {
        try withControl { control in
            control.set(.low)
            #expect(control.report.state == .held && request == 0)
            control.set(.off)
            #expect(control.report.state == .released && request == -1)
            let counter = control.pulse.makeCounter()
            for _ in 0..<1000 { counter.note(byteCount: 4096) }
            Thread.sleep(forTimeInterval: 0.03)
            #expect(control.report.changeCount == 2)
            control.set(.low)
            control.set(.auto)
            #expect(control.report.state == .released && control.mode == .auto)
            #expect(
                Patience.wait(milliseconds: 10_000) {
                    for _ in 0..<10 { counter.note(byteCount: 4096) }
                    return control.report.state == .held
                })
        }
    }

    @Test func nothingIsHeldAfterTheEnd() throws {
        try withControl { $0.set(.low) }
        #expect(request == -1)
    }

    @Test func aMissingDeviceIsNamedAndHarmless() throws {
        let control = LatencyControl(opening: "/nonexistent/latency")
        let keeper = LatencyKeeper(of: control)
        try #require(keeper.start())
        defer { keeper.stop() }
        let counter = control.pulse.makeCounter()
        for mode in LatencyMode.allCases {
            control.set(mode)
            for _ in 0..<100 { counter.note(byteCount: 4096) }
            #expect(control.report.state == .unavailable)
            #expect(control.report.obstacle == "open /nonexistent/latency: ENOENT")
        }
        #expect(control.report.changeCount == 0)
    }

    /// Opens, but takes no request: said, and not tried over and over.
    @Test func aDeviceThatRefusesIsNamed() throws {
        let control = LatencyControl(opening: "/dev/full")
        control.set(.low)
        #expect(control.report.state == .unavailable)
        #expect(control.report.obstacle == "write: ENOSPC")
        #expect(control.report.changeCount == 0)
    }

    /// While nothing is asked for the thread sleeps; each burst wakes it once.
    @Test func serversWakeItOncePerBurst() throws {
        try withControl { control in
            let counter = control.pulse.makeCounter()
            counter.note(byteCount: 4096)
            Thread.sleep(forTimeInterval: 0.05)
            let before = control.pulse.listener.wakeWord.load()
            for _ in 0..<10 {
                counter.note(byteCount: 4096)
                Thread.sleep(forTimeInterval: 0.005)
            }
            #expect(control.pulse.listener.wakeWord.load() == before)
            for _ in 0..<1000 { counter.note(byteCount: 4096) }
            #expect(become(.held, control))
            #expect(control.pulse.listener.wakeWord.load() == before &+ 1)
        }
    }
}
