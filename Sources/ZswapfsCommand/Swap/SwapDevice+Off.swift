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
        let devices = area.loopDevices()
        guard !devices.isEmpty else {
            throw CommandFailure(
                .failure, "\(path): not in use as swap, no loop device stands on it")
        }
        for device in devices { try turnOff(device, workers) }
        try area.discardPages()
    }

    /// Brings back what is swapped to this loop device and detaches it. For a device whose file has
    /// been removed there is no other way.
    static func turnOff(
        _ device: LoopDevice, _ workers: LocalWorkers = LocalWorkers()
    ) throws {
        // Kept open from here: the device cannot detach itself and come back as someone else's.
        let handle = try OpenFile(device.path, for: .reading)
        defer { handle.close() }
        guard try handle.loopStatus() != nil else {
            throw CommandFailure(.failure, "\(device.path): not attached to any file")
        }
        if let entry = try SwapTable.current().entry(for: device) {
            try swapOff(entry)
        } else {
            try checkIdleSwap(device, handle)
        }
        try workers.remove(device)
        try SwapReadahead().remove(device)
        LoopAttachment.resetThrottling(of: device)
        try LoopAttachment.detach(device, handle)
    }

    private static func swapOff(_ entry: SwapTable.Entry) throws {
        do {
            try SwapActivation.turnOff(entry.path)
        } catch {
            switch error.errno {
            case .noMemory:
                let used = ByteSize(bytes: entry.usedByteCount)
                throw CommandFailure(
                    .unavailable,
                    "\(entry.path): not enough memory to bring back the \(used) swapped to "
                        + "it (ENOMEM); the swap stays on. End programs, raise the limit of the "
                        + "memory cgroup that they are in, or add another swap area "
                        + "(`zswapfs swap on`), then try again")
            case .interrupted:
                throw CommandFailure(
                    .failure,
                    "\(entry.path): interrupted before all pages were back; the swap stays on")
            default: throw error
            }
        }
    }

    /// Only a swap area that nobody uses may be detached here: a loop device may hold anything.
    private static func checkIdleSwap(_ device: LoopDevice, _ handle: OpenFile) throws {
        let file = device.backingPath ?? ""
        guard SwapHeader.isPresent(in: try handle.readStart(byteCount: Page.byteCount)) else {
            throw CommandFailure(
                .failure,
                "\(device.path): stands on \(file) but holds no swap area; `losetup -d "
                    + "\(device.path)` detaches it")
        }
        do {
            try OpenFile(device.path, for: .claimingDevice).close()
        } catch {
            guard error.errno == .resourceBusy else { throw error }
            throw CommandFailure(
                .inUse, "\(device.path): not swapped to, but mounted or part of another device")
        }
    }
}
