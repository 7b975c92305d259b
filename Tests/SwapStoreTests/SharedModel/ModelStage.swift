import Backing
import TestSupport
import Threads
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The state that two hands of a model share: the store, its backing devices, and the tunables and
/// the state of the devices at every moment.
///
///     moment ──── operation ──── since(moment): all tunables in force meanwhile, any trouble?
///
/// Law: tunables change, and devices begin and cease to fail, only here. The changes that took
/// effect during an operation are known when it has ended.
final class ModelStage: Sendable {
    /// The pools get a share of it.
    static let totalByteCount = 4 << 20

    /// Before an operation.
    struct Moment {
        fileprivate let tunablesNumber: Int
        fileprivate let troubleNumber: Int
    }

    /// The states at any time during an operation.
    struct Meanwhile {
        let tunables: [Tunables]
        let hadTrouble: Bool

        /// Whether same-filled pages were kept as words; nil: not all the time the same.
        var keepsWords: Bool? {
            let first = tunables.first?.keepsSameFilledPages
            return tunables.allSatisfy { $0.keepsSameFilledPages == first } ? first : nil
        }
    }

    let fixture: TestStore
    /// Memory that is refused now and then, while a simulation wants it.
    let commits: CommitRefusals
    /// One thread runs at a time, and time passes as the simulation says.
    let isSimulated: Bool
    /// Called after each step of a hand.
    let noteStep: @Sendable () -> Void
    let devices = ModelDevices()
    /// All there ever were, the present one last.
    private let history: Lock<[Tunables]>
    /// Odd while a device fails.
    private let troubleNumber = Lock(0)
    /// One chooses a backing store at a time, as the control files have it.
    private let choosing = Lock(())

    init(
        zpool: String, seed: UInt64, isSimulated: Bool = false,
        noteStep: @escaping @Sendable () -> Void = {}
    ) throws {
        self.isSimulated = isSimulated
        self.noteStep = noteStep
        let commits = CommitRefusals(seed: seed)
        self.commits = commits
        fixture = try TestStore(
            zpool: zpool, totalByteCount: UInt64(Self.totalByteCount), growsInBackground: true,
            compressors: .withTestCompressors(), openBacking: devices.opening,
            refusesCommit: { _ in commits.refusesNext() })
        history = Lock([fixture.store.tunables])
    }

    var store: SwapStore { fixture.store }
    var maintenance: Maintenance { fixture.maintenance }

    var now: Moment {
        Moment(
            tunablesNumber: history.withLock { $0.count - 1 },
            troubleNumber: troubleNumber.withLock { $0 })
    }

    func since(_ moment: Moment) -> Meanwhile {
        let trouble = troubleNumber.withLock { $0 }
        let tunables = history.withLock { Array($0[moment.tunablesNumber...]) }
        return Meanwhile(
            tunables: tunables,
            hadTrouble: moment.troubleNumber % 2 == 1 || trouble != moment.troubleNumber)
    }

    /// Sets other tunables. Callers of `now` and `since` wait until they are in force.
    func use(_ tunables: Tunables) {
        history.withLock { history in
            store.update { $0 = tunables }
            history.append(tunables)
        }
    }

    /// Pages leave for this device from now on; nil: for none.
    func choose(_ device: Int?) throws {
        try choosing.withLock { _ in
            try store.setBacking(path: device.map { devices.all[$0].path })
        }
    }

    /// A device fails from now on.
    func fail(_ device: Int, as plan: FaultyBacking.Plan) {
        troubleNumber.withLock { number in
            if number % 2 == 0 { number += 1 }
            devices.all[device].set(plan)
        }
    }

    /// Memory is refused now and then from now on.
    func refuseMemory() {
        troubleNumber.withLock { number in
            if number % 2 == 0 { number += 1 }
            commits.begin()
        }
    }

    /// Lets hours pass: the threads that keep ages get their turns in between.
    func letTimePass(partCount: Int) {
        let never = FutexWord()
        for _ in 0..<partCount {
            never.wait(while: 0, nanoseconds: 10_100_000_000)
            store.clock.add(seconds: 900)
        }
    }

    /// No device fails any more, no memory is refused, and the present one is tried again.
    func recover() throws {
        troubleNumber.withLock { number in
            for device in devices.all { device.set(FaultyBacking.Plan()) }
            commits.end()
            if number % 2 == 1 { number += 1 }
        }
        try choosing.withLock { _ in try store.setBacking(path: store.backingPath) }
    }
}
