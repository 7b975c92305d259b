import ControlTree
import Glibc
import Latency
import Maintenance
import SwapStore
import TestSupport
import Testing
import ZswapCore

@testable import FuseServer

/// The operations over a store of their own, without a kernel: a test is the kernel.
struct OperationsFixture {
    let fixture: TestStore
    let operations: Operations
    let worker: ServingWorker

    init(tunables: (inout Tunables) -> Void = { _ in }) throws {
        fixture = try TestStore(tunables: tunables)
        operations = Operations(store: fixture.store, tree: ControlTree(of: fixture.maintenance))
        worker = ServingWorker(store: fixture.worker, reads: FaultPulse().makeCounter())
    }

    private init(of predecessor: OperationsFixture, generation: Int) {
        fixture = predecessor.fixture
        operations = Operations(
            store: fixture.store, tree: ControlTree(of: fixture.maintenance), generation: generation
        )
        worker = predecessor.worker
    }

    /// The operations of a server that took the mount over: the store and what the kernel knows
    /// are as they were.
    func successor(generation: Int = 1) -> OperationsFixture {
        OperationsFixture(of: self, generation: generation)
    }

    /// Does `body` as the request of this number; a repeated one is marked as the kernel marks it.
    func serving<Result>(
        _ number: UInt64, isRepeated: Bool = false, _ body: () throws -> Result
    ) rethrows -> Result {
        worker.begin(unique: isRepeated ? number | 1 << 63 : number)
        defer { worker.begin(unique: 0) }
        return try body()
    }

    static let root = InodeNumber.root

    /// A new area; returns its inode.
    func create(_ name: ByteText) throws -> UInt64 {
        try operations.create(
            Self.root, name, mode: S_IFREG | 0o640, userID: 12, groupID: 34, worker
        ).inode
    }

    func write(_ bytes: [UInt8], to inode: UInt64, at offset: UInt64 = 0) throws -> Int {
        try operations.write(bytes.span.bytes, to: inode, at: offset, worker)
    }

    func read(
        _ inode: UInt64, at offset: UInt64 = 0, count: Int
    ) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xee, count: count)
        var span = bytes.mutableSpan
        var target = span.mutableBytes
        let got = try operations.read(inode, at: offset, into: &target, worker)
        return Array(bytes.prefix(got))
    }

    /// The inode that a path of names leads to.
    func lookUp(_ names: ByteText...) throws -> UInt64 {
        var inode = Self.root
        for name in names { inode = try operations.lookUp(inode, name).inode }
        return inode
    }

    /// All names of a directory, as a reader gets them.
    func names(of inode: UInt64) throws -> [ByteText] {
        let handle = try operations.openDirectory(inode)
        defer { operations.openFiles.remove(handle) }
        return try operations.rows(of: handle, in: inode, from: 0).map(\.name)
    }

    /// The errno that `body` is refused with; 0 when it is not.
    func errno(_ body: () throws -> Void) -> CInt {
        do {
            try body()
            return 0
        } catch {
            return (error as? Refusal)?.errno ?? -1
        }
    }
}
