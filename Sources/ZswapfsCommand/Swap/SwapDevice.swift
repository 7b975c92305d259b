import LinuxSystem
import ZswapCore

/// Swap on a file by way of a loop device. Here nothing asks which filesystem the file is on: the
/// commands have done that, and the tests use plain files.
enum SwapDevice {
    /// What tests change; the commands leave it alone.
    struct Surroundings {
        /// How loop devices are attached.
        var attachRequest = LoopAttachRequest()
        /// Where free loop devices come from.
        var freeDevice: () throws(SystemFailure) -> LoopDevice = { () throws(SystemFailure) in
            try LoopControl.freeDevice()
        }
        /// Where the kernel's workers may run.
        var localWorkers = LocalWorkers()
        /// How many pages the kernel reads at once.
        var readahead = SwapReadahead()
        /// Called after each step; what it throws fails the command there.
        var afterStep: (SwapStep) throws -> Void = { _ in }
    }

    /// Makes the kernel swap to the file at `path`, which is made if need be. Whatever fails,
    /// nothing is left behind: every step is taken back, the last first.
    static func turnOn(
        path: String, label: String, _ options: SwapOptions,
        _ surroundings: Surroundings = Surroundings()
    ) throws(CommandFailure) -> LoopDevice {
        // Holds every file that its steps need, and so keeps the area locked until the end.
        var undo = UndoList()
        do {
            return try turnOn(path: path, label: label, options, surroundings, undo: &undo)
        } catch {
            var failure = CommandFailure(error)
            for complaint in undo.run() { failure.message += "; \(complaint)" }
            throw failure
        }
    }

    private static func turnOn(
        path: String, label: String, _ options: SwapOptions, _ surroundings: Surroundings,
        undo: inout UndoList
    ) throws -> LoopDevice {
        let area = try AreaFile(at: path, undo: &undo)
        try checkUnused(area)
        try surroundings.afterStep(.opened)

        let byteCount = try area.grow(toByteCount: options.byteCount, undo: &undo)
        try surroundings.afterStep(.sized)
        // Before the device stands on it: whoever looks at new disks finds a swap area at once, and
        // the device's page cache never holds an older first page.
        try area.format(byteCount: byteCount, label: label, undo: &undo)
        try surroundings.afterStep(.formatted)

        let attachment = try LoopAttachment(
            to: path, surroundings.attachRequest, freeDevice: surroundings.freeDevice, undo: &undo)
        try surroundings.afterStep(.attached)
        try attachment.verify()
        try surroundings.afterStep(.verified)
        try attachment.stopThrottling(undo: &undo)
        try surroundings.afterStep(.unthrottled)
        let device = attachment.device
        if options.isLocal {
            let workers = surroundings.localWorkers
            undo.add("let workers of \(device.path) move again") { try workers.remove(device) }
            try workers.add(device)
        }
        try surroundings.afterStep(.localized)
        if let order = options.readahead {
            let readahead = surroundings.readahead
            undo.add("set the readahead back") { try readahead.remove(device) }
            try readahead.add(device, order)
        }
        try surroundings.afterStep(.readAhead)
        try SwapActivation.turnOn(
            device.path, priority: options.priority, discard: options.discard)
        undo.add("swap off \(device.path)") { try SwapActivation.turnOff(device.path) }
        try surroundings.afterStep(.activated)
        return device
    }

    private static func checkUnused(_ area: AreaFile) throws {
        guard let device = area.loopDevices().first else { return }
        let swapping = try SwapTable.current().entry(for: device) != nil
        let use = swapping ? "in use as swap on" : "attached to"
        throw CommandFailure(
            .inUse,
            "\(area.path): already \(use) \(device.path); `zswapfs swap off \(area.path)` ends that"
        )
    }
}
