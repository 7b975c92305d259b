import Backing
import ControlTree
import Maintenance
import TestSupport
import ZswapCore

/// Texts written to a control file, of every row that can be written.
///
///     | row | text ... |
///
/// Law: a text that is refused leaves the file as it was, and both the file and the summary can be
/// read after any.
enum ControlFuzz {
    private static let rows = ControlTree.rows.filter { $0.access.mode & 0o222 != 0 }

    static func prepare() throws -> FuzzTarget.Take {
        { bytes in
            // Settings last, and change what others mean: a store of its own for each text.
            let fixture = try TestStore(
                capacityByteCount: 16 << 20,
                openBacking: { path throws(BackingError) in
                    guard path.hasPrefix("/memory") else { throw .failed(errno: 2) }
                    return FaultyBacking(byteCount: 4 << 20, path: path)
                })
            _ = try fixture.makeArea("swap")
            let tree = ControlTree(of: fixture.maintenance)
            var input = FuzzInput(bytes)
            let row = rows[Int(input.byte()) % rows.count]
            let path = ByteText(
                row.path.split(separator: "/").map { $0 == "NAME" ? "swap" : $0 }
                    .joined(separator: "/"))
            let text = String(decoding: input.rest(), as: UTF8.self)
            let before = try? tree.read(path)
            do {
                try tree.write(text, to: path)
            } catch {
                let after = try? tree.read(path)
                try FuzzFinding.unless(
                    before == after, "\(row.path) refused \(text.debugDescription) and changed")
            }
            _ = try? tree.read(path)
            _ = try tree.read("stats/summary")
            _ = try tree.read("stats/last_error")
        }
    }
}
