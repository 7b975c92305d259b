import ArgumentParser
import LinuxSystem
import SystemPackage
import ZswapCore

/// `zswapfs stop`: swap off, then unmounted.
///
/// Law: what is down already is left as it is; a mount is unmounted only when nothing is swapped to
/// it any more.
struct StopCommand: ParsableCommand {
    /// Tries to switch off one device, while another program, such as systemd at shutdown, does
    /// the same.
    private static let tryCountMax = 3

    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Swap off and unmount what `start` started.",
        discussion: """
            Brings back what is swapped to any area of the mount, whether the configuration file \
            names it or not, and unmounts it. When memory is short, swap and mount stay.
            """)

    @Argument(help: "The section of the mount.", completion: PlanCompletion.names)
    var name: String

    @OptionGroup var configuration: ConfigurationOptions

    func run() throws {
        try reportingFailures {
            let plan = try configuration.plan(named: name, of: configuration.plans())
            guard let mount = plan.mount else { return }
            for device in try MountUsers.devices(on: mount) {
                try SwapCommand.checkPrivileges()
                try Self.switchOff(device.device)
            }
            try UnmountCommand.unmount(at: mount.mountPoint)
        }
    }

    private static func switchOff(_ device: LoopDevice) throws {
        for attempt in 1... {
            do {
                return try SwapOff.turnOff(device)
            } catch {
                // Switched off by another program meanwhile: then the device is still to detach.
                guard device.backing != nil else { return }
                let isOn = try SwapTable.current().entry(for: device) != nil
                if isOn || attempt == tryCountMax { throw error }
            }
        }
    }
}

/// What a shell offers for a section.
enum PlanCompletion {
    /// Sections of the configuration file of the system; none when there is a mistake in it.
    static let names = CompletionKind.custom { _, _, _ in
        (try? ConfigurationOptions.parse([]).plans().map(\.name)) ?? []
    }
}
