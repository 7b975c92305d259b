import LinuxSystem
import SystemPackage
import ZswapCore

extension SwapDevice {
    /// Brings back what is swapped to the file at `path`, detaches its loop devices, and gives back
    /// the memory its pages took. Also finishes what an earlier, interrupted call began.
    ///
    /// Throws, with the swap still on, when memory is short; and when the file is not swapped to.
    static func turnOff(path: String, _ workers: LocalWorkers = LocalWorkers()) throws {
        let area = try AreaFile(existing: path)
        defer { area.file.close() }
        let devices = try area.loopDevices()
        guard !devices.isEmpty else {
            let removed = LoopDevice.attached().filter { $0.backing == KernelPath(removed: path) }
            let advice = removed.first.map { device in
                "; an area of that name that was removed is attached to \(device.path): "
                    + "`zswapfs swap off \(device.argument)`"
            }
            throw CommandFailure(
                .failure,
                "\(path): not in use as swap, no loop device stands on it\(advice ?? "")")
        }
        for device in devices { try turnOff(device, workers) }
        try area.discardPages()
    }

    /// Brings back what is swapped to this loop device and detaches it. The only way for a device
    /// whose file has been removed, or whose mount or daemon has gone.
    static func turnOff(
        _ device: LoopDevice, _ workers: LocalWorkers = LocalWorkers()
    ) throws {
        // Kept open from here: the device cannot detach itself and be attached to another file.
        let handle = try device.open(for: .readingAndWriting)
        defer { handle.close() }
        guard device.backingPath != nil else {
            throw CommandFailure(.failure, "\(device.path): not attached to any file")
        }
        let entry = try SwapTable.current().entry(for: device)
        if try handle.isSwappedTo() || entry != nil {
            try swapOff(device, handle, entry)
        } else {
            try checkIdleSwap(device, handle)
        }
        try workers.remove(device)
        try SwapReadahead().remove(device)
        LoopQueue.reset(device)
        try LoopAttachment.detach(device, handle)
    }

    private static func swapOff(
        _ device: LoopDevice, _ handle: OpenFile, _ entry: SwapTable.Entry?
    ) throws {
        InterruptionNotes.begin()
        while true {
            do {
                try SwapActivation.turnOff(handle.descriptorPath)
                return
            } catch {
                switch error.errno {
                case .noMemory:
                    let used = entry.map { "the \(ByteSize(bytes: $0.usedByteCount))" } ?? "what is"
                    throw CommandFailure(
                        .unavailable,
                        "\(device.path): not enough memory to bring back \(used) swapped to "
                            + "it (ENOMEM); the swap stays on. End programs, raise the limit of "
                            + "the memory cgroup that they are in, or add another swap area "
                            + "(`zswapfs swap on`), then try again")
                case .interrupted:
                    // A stop and a continuation interrupt it, too: those ask for nothing.
                    guard let signal = InterruptionNotes.signal else { continue }
                    throw CommandFailure(
                        .failure,
                        "\(device.path): interrupted by \(signal) before all pages were back; the "
                            + "swap stays on. `zswapfs swap off \(device.argument)` brings back "
                            + "the rest")
                default:
                    throw SystemFailure(call: error.call, errno: error.errno, path: device.path)
                }
            }
        }
    }

    /// Only an unused swap area may be detached here: a loop device may hold anything.
    private static func checkIdleSwap(_ device: LoopDevice, _ handle: OpenFile) throws {
        let file = device.backingPath ?? ""
        guard SwapHeader.isPresent(in: try handle.readStart(byteCount: Page.byteCount)) else {
            throw CommandFailure(
                .failure,
                "\(device.path): stands on \(file) but holds no swap area; `losetup -d "
                    + "\(device.path)` detaches it")
        }
        do {
            try device.open(for: .claimingDevice).close()
        } catch {
            guard error.errno == .resourceBusy else { throw error }
            throw CommandFailure(
                .inUse, "\(device.path): not swapped to, but mounted or part of another device")
        }
    }
}
