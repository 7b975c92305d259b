import ArgumentParser
import LinuxSystem
import ZPool
import ZswapCore

/// `zswapfs start`: mounts and swaps on as the configuration file says.
///
///     start main --foreground    serves the mount: what a unit runs
///     start main                 mounts unless that is done, then switches on what is not on yet
///
/// Law: what is there already is left as it is, so a unit and a user may both start it. A mount
/// whose daemon has died or hangs is a failure.
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Mount and swap as the configuration file says.",
        discussion: """
            Mounts what a section of the file describes, unless it is mounted, and switches swap \
            on for each of its areas that is not in use. Prints a line for each thing done. \
            zswapfs.conf(5) describes the file.
            """)

    @Argument(
        help: "The section of the mount. (default: all that start at boot)",
        completion: PlanCompletion.names)
    var name: String?

    @Flag(help: "Check the whole file, and do nothing else.")
    var check = false

    @OptionGroup var configuration: ConfigurationOptions

    @OptionGroup var running: DaemonOptions

    func validate() throws {
        guard !running.foreground || name != nil else {
            throw ValidationError("--foreground serves one mount: name its section")
        }
    }

    /// Called by ``ZswapfsMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        try reportingFailures {
            let all = try configuration.plans()
            if check { return }
            let plans =
                try name.map { [try configuration.plan(named: $0, of: all)] }
                ?? all.filter(\.startsAtBoot)
            if let plan = plans.first, running.foreground {
                return try mount(plan, zpools)
            }
            for plan in plans {
                if plan.mount == nil {
                    try mount(plan, zpools)
                    print("mounted \(plan.mountPoint)")
                } else if try !MountedPath.requireAnswers(onTheWayTo: plan.mountPoint) {
                    throw CommandFailure(.inUse, CommandFailure.deadMount(plan.mountPoint))
                }
                for area in plan.areas { try switchOn(area, of: plan) }
            }
        }
    }

    private func mount(_ plan: MountPlan, _ zpools: ZpoolRegistry) throws {
        // A service manager that starts it again has the mount still there.
        if plan.mount == nil { try FileMaking.makeDirectory(plan.mountPoint) }
        let options = plan.options.flatMap { ["-o", $0] }
        let words = running.words + (running.foreground ? ["--foreground"] : [])
        try MountCommand.parse([plan.mountPoint] + words + options).run(zpools: zpools)
    }

    private func switchOn(_ area: AreaPlan, of plan: MountPlan) throws {
        try SwapCommand.checkPrivileges()
        let path = try AreaPath(resolving: "\(plan.mountPoint)/\(area.name)")
        guard try !SwapDevice.isOn(path: path.path) else { return }
        var surroundings = SwapDevice.Surroundings()
        // Before the kernel writes the first page.
        surroundings.afterStep = { step in
            guard step == .sized else { return }
            for parameter in area.parameters {
                try SetCommand.set(
                    "areas/\(area.name)/\(parameter.name)", to: parameter.value,
                    at: plan.mountPoint)
            }
        }
        let device = try SwapOn.turnOn(path, area.options, surroundings)
        print("swap on \(path.path): \(device.path)")
    }
}

extension MountPlan {
    /// The zswapfs that is mounted there, whether its daemon answers or not; nil: none.
    var mount: MountTable.Entry? {
        guard let place = try? MountedPath(mountPoint), place.names.isEmpty,
            let mount = place.mount
        else { return nil }
        return mount
    }
}
