import ArgumentParser
import LinuxSystem

/// `zswapfs swap off`: takes back what `swap on` did, but for the area itself.
struct SwapOff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "off", abstract: "Stop swapping to an area.",
        discussion: """
            Brings back what is swapped to the area, detaches its loop device and gives back the \
            memory of its pages. The area stays, empty. Without enough memory the swap stays on.
            """)

    @Argument(help: "The area, or its loop device.")
    var path: String

    func run() throws {
        try reportingFailures {
            try SwapCommand.checkPrivileges()
            if let device = try loopDevice() {
                try turnOff(device)
            } else {
                try SwapDevice.turnOff(path: try AreaPath(resolving: path).path)
            }
        }
    }

    private func loopDevice() throws -> LoopDevice? {
        guard let status = try? OpenFile(path, for: .locating).status(),
            status.kind == .blockDevice
        else { return nil }
        guard let device = LoopDevice.device(numbered: status.specialDevice) else {
            throw CommandFailure(.badPath, "\(path): a block device, but not a loop device")
        }
        return device
    }

    /// By the area where it can be reached, so that its memory is given back; else by the device.
    private func turnOff(_ device: LoopDevice) throws {
        let handle = try OpenFile(device.path, for: .reading)
        guard let backing = try handle.loopStatus()?.backing else {
            throw CommandFailure(.failure, "\(path): not attached to any file")
        }
        let backingPath = device.backingPath ?? ""
        let mounts = try MountTable.current().entries(showing: backing.device)
        guard mounts.contains(where: { $0.type == AreaPath.mountType }) else {
            let type = mounts.first?.type ?? "an unknown filesystem"
            throw CommandFailure(
                .badPath,
                "\(path): stands on \(backingPath) on \(type), not on an area of zswapfs")
        }
        handle.close()
        if try OpenFile(backingPath, for: .locating).status().identity == backing {
            try SwapDevice.turnOff(path: backingPath)
        } else {
            try SwapDevice.turnOff(device)
        }
    }
}
