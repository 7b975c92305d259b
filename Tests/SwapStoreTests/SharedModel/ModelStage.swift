import Backing
import Synchronization
import TestSupport
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
    let devices = ModelDevices()
    /// All there ever were, the present one last.
    private let history: Mutex<[Tunables]>
    /// Odd while a device fails.
    private let troubleNumber = Mutex(0)
    /// One chooses a backing store at a time, as the control files have it.
    private let choosing = Mutex(())

    init(zpool: String) throws {
        fixture = try TestStore(
            zpool: zpool, totalByteCount: UInt64(Self.totalByteCount), growsInBackground: true,
            compressors: .withTestCompressors(), openBacking: devices.opening)
        history = Mutex([fixture.store.tunables])
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

    /// No device fails any more, and the present one is tried again.
    func recover() throws {
        troubleNumber.withLock { number in
            for device in devices.all { device.set(FaultyBacking.Plan()) }
            if number % 2 == 1 { number += 1 }
        }
        try choosing.withLock { _ in try store.setBacking(path: store.backingPath) }
    }
}
