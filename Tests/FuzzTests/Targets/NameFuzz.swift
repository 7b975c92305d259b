import ControlTree
import Glibc
import Latency
import Maintenance
import TestSupport
import ZswapCore

@testable import FuseServer

/// Names of areas: made, renamed, looked up and removed.
///
///     | what | length | name ... | what | ...        a rename has a second length and name
///
/// Law: the directory lists what was made and not removed, name by name, and nothing else.
enum NameFuzz {
    static func prepare() throws -> FuzzTarget.Take {
        let fixture = try TestStore(capacityByteCount: 64 << 20)
        let operations = Operations(
            store: fixture.store, tree: ControlTree(of: fixture.maintenance))
        let worker = ServingWorker(store: fixture.worker, reads: FaultPulse().makeCounter())
        let root = InodeNumber.root
        return { bytes in
            var input = FuzzInput(bytes)
            var model: Set<ByteText> = []
            while !input.isEmpty {
                let what = input.byte()
                let name = Self.name(&input)
                switch what % 4 {
                case 0:
                    let isMade =
                        (try? operations.create(
                            root, name, mode: S_IFREG | 0o600, userID: 0, groupID: 0, worker))
                        != nil
                    if isMade { model.insert(name) }
                case 1:
                    if (try? operations.unlink(root, name, worker)) != nil { model.remove(name) }
                case 2:
                    let newName = Self.name(&input)
                    let isMoved =
                        (try? operations.rename(
                            root, name, to: root, newName, flags: UInt32(what >> 7), worker))
                        != nil
                    if isMoved, name != newName {
                        model.remove(name)
                        model.insert(newName)
                    }
                default:
                    let isFound = (try? operations.lookUp(root, name)) != nil
                    try FuzzFinding.unless(
                        isFound == (model.contains(name) || ControlTree.roots.contains(name)),
                        "a look-up of \(name.printable) is wrong")
                }
            }
            try check(fixture, model)
            for name in model { try operations.unlink(root, name, worker) }
        }
    }

    private static func check(_ fixture: TestStore, _ model: Set<ByteText>) throws {
        let listed = Set(fixture.store.areas.map(\.name))
        try FuzzFinding.unless(listed == model, "names listed and made differ")
    }

    private static func name(_ input: inout FuzzInput) -> ByteText {
        // The kernel hands over any bytes; what is no UTF-8 is refused before it is a name.
        ByteText(validating: input.take(Int(input.byte()))) ?? "?"
    }
}
