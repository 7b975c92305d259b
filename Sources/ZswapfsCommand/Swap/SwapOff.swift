import ArgumentParser
import LinuxSystem
import SystemPackage

/// `zswapfs swap off`: takes back what `swap on` did, but for the area itself.
struct SwapOff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "off", abstract: "Stop swapping to an area.",
        discussion: """
            Brings back what is swapped to the area, detaches its loop device and gives back the \
            memory of its pages. The area stays, empty. Without enough memory the swap stays on; \
            also when a signal ends the command before all pages are back.
            """)

    @Argument(
        help: "The area, or its loop device: its node, or its number as 7:0, also without a node.",
        completion: MountCompletion.areas)
    var path: String

    func run() throws {
        try reportingFailures {
            try SwapCommand.checkPrivileges()
            try MountedPath.requireAnswers(onTheWayTo: path)
            switch try SwapTarget(resolving: path) {
            case .area(let area): try SwapDevice.turnOff(path: area)
            case .devices(let devices): for device in devices { try Self.turnOff(device) }
            }
        }
    }

    /// By the area where it can be reached, so that its memory is given back; else by the device.
    static func turnOff(_ device: LoopDevice) throws {
        guard let backing = device.backing else {
            throw CommandFailure(.failure, "\(device.path): not attached to any file")
        }
        // The kernel may still know the area's attributes, and say nothing of its daemon's death.
        guard try MountedPath.requireAnswers(onTheWayTo: backing.path) else {
            tellLoss(backing)
            return try SwapDevice.turnOff(device)
        }
        do {
            let status = try device.answeredStatus()
            if let identity = status?.backing {
                try check(device, backing, identity)
                let file = try? OpenFile(backing.path, for: .locating)
                if !backing.isRemoved, try file?.status().identity == identity {
                    return try SwapDevice.turnOff(path: backing.path)
                }
            }
        } catch let failure as SystemFailure where failure.errno == .timedOut {
            throw CommandFailure(
                .failure, "\(device.path): the filesystem of \(backing.path) does not answer")
        } catch let failure as SystemFailure where failure.errno == .socketNotConnected {
            tellLoss(backing)
        }
        try SwapDevice.turnOff(device)
    }

    private static func tellLoss(_ backing: KernelPath) {
        StandardError.write(
            "zswapfs: \(backing.path): the daemon has ended, and what was swapped to it is lost; "
                + "programs end with SIGBUS where they need it")
    }

    /// Throws for a device on a filesystem that is mounted here and no zswapfs.
    private static func check(
        _ device: LoopDevice, _ file: KernelPath, _ identity: FileIdentity
    ) throws {
        let mounts = try MountTable.current().entries(showing: identity.device)
        guard let first = mounts.first, !mounts.contains(where: { $0.type == AreaPath.mountType })
        else { return }
        throw CommandFailure(
            .badPath,
            "\(device.path): stands on \(file.path) on \(first.type), not on an area of zswapfs")
    }
}
