import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// A daemon that gets no more memory from the system while it serves.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct HeapTests {
        private static let contents = [UInt8](repeating: 0, count: 1 << 20).indices
            .map { UInt8(truncatingIfNeeded: $0 * $0 >> 7) }

        /// A permanent object is refused in time: everything else still works after it.
        @Test(arguments: MountHost.transports) func whatIsRefusedChangesNothing(
            transport: String
        ) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            try mount.open("kept").write(Self.contents, at: 0)
            try mount.stopDataGrowth()
            let made = (1...4000).prefix { number in
                SystemCall.errno { try mount.open("area\(number)").close() } == 0
            }.count
            #expect((1..<4000).contains(made))
            let refusal = SystemCall.errno { try mount.open("one more").close() }
            #expect(refusal == ENOMEM)
            let listed = try FileManager.default.contentsOfDirectory(atPath: mount.path)
            #expect(listed.count == made + 3)
            #expect(try mount.number("stats/stored_pages") > 0)
            #expect(try mount.open("kept").read(at: 0, count: 1 << 20) == Self.contents)
            for name in listed where name.hasPrefix("area") {
                try FileManager.default.removeItem(atPath: mount.path(name))
            }
            // What they took goes back when no request can have seen them.
            let hasRoom = Patience.wait(milliseconds: 10_000) {
                SystemCall.errno { try mount.open("one more").close() } == 0
            }
            #expect(hasRoom)
            for (row, names) in [
                ("params/compressor", "lz4 zstd lzo deflate lz4hc"),
                ("params/zpool", "zbud z3fold"),
            ] {
                for name in names.split(separator: " ") { try Self.set(row, String(name), mount) }
            }
            #expect(try mount.open("kept").read(at: 0, count: 1 << 20) == Self.contents)
            try mount.limitData("unlimited")
            try mount.set("params/compressor", "zstd")
            try mount.set("params/zpool", "zbud")
            try mount.open("another").close()
            #expect(try mount.open("kept").read(at: 0, count: 1 << 20) == Self.contents)
        }

        /// The optimizer once removed the reserve: then not even one area can be made.
        @Test(
            .enabled(
                if: optimizedProgram != nil,
                "needs an optimized program in ZSWAPFS_OPTIMIZED_PROGRAM"),
            arguments: MountHost.transports)
        func anOptimizedDaemonHasItsReserve(transport: String) throws {
            let mount = try TemporaryMount(
                options: ["transport=\(transport)"], program: Self.optimizedProgram, through: [])
            try mount.stopDataGrowth()
            #expect(SystemCall.errno { try mount.open("area").close() } == 0)
        }

        private static let optimizedProgram =
            ProcessInfo.processInfo.environment["ZSWAPFS_OPTIMIZED_PROGRAM"]

        /// Takes the value, or refuses it for want of memory and keeps the old one.
        private static func set(_ row: String, _ value: String, _ mount: TemporaryMount) throws {
            let before = try mount.control(row)
            let errno = SystemCall.errno { try mount.set(row, value) }
            #expect(errno == 0 || errno == ENOMEM, "\(row) \(value)")
            #expect(try mount.control(row) == (errno == 0 ? value : before))
        }
    }
}
