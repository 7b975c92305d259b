import LinuxSystem
import ZswapCore

/// Checks that the machine has the memory that a benchmark takes.
enum MemoryCheck {
    /// Refuses what would push other programs out of memory. `option` is what asked for it.
    static func require(_ byteCount: Int, for option: String) throws {
        let needed = UInt64(byteCount)
        let available = try Machine.availableByteCount()
        guard needed <= available / 4 * 3 else {
            throw BenchFailure(
                "\(option): needs \(ByteSize(bytes: needed)), and only "
                    + "\(ByteSize(bytes: available)) are available")
        }
    }
}
