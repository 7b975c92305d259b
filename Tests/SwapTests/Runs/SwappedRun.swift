import LinuxSystem
import TestSupport
import Testing

/// A program of 128 MiB in a group that has room for 48, swapped into a supervised mount.
///
/// Law: at the end every page is right, and the kernel has seen no error on the device.
struct SwappedRun {
    let mount: SwapMount
    let process: SwappedProcess

    /// Sets one up, has `body` disturb the mount, checks and takes down.
    static func run(_ name: String, _ body: (SwappedRun) throws -> Void) throws {
        let kernelLog = try #require(KernelLog())
        let mount = try SwapMount(name, options: ["supervise=on"])
        let device = try mount.swapOn("swap", megabyteCount: 256)
        let group = try MemoryGroup(name, limitByteCount: 48 << 20)
        let process = try SwappedProcess(megabyteCount: 128, pages: SamplePages(), in: group)
        try mount.set("migrate", to: "background")
        try body(SwappedRun(mount: mount, process: process))
        #expect(try process.check().wrongPages.isEmpty)
        process.end()
        try mount.swapOff("swap")
        try mount.unmount()
        let errors = kernelLog.swapErrors(of: device)
        #expect(errors.isEmpty, "\(errors)")
    }
}
