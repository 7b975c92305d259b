import LinuxSystem
import SystemPackage
import ZswapCore

/// Swap on a file by way of a loop device. Here nothing asks which filesystem the file is on: the
/// commands have done that, and the tests use plain files.
enum SwapDevice {
    /// Dependencies that tests replace; the commands use the defaults.
    struct Surroundings {
        /// The options for attaching loop devices.
        var attachRequest = LoopAttachRequest()
        /// The source of free loop devices.
        var freeDevice: () throws(SystemFailure) -> LoopDevice = { () throws(SystemFailure) in
            try LoopControl.freeDevice()
        }
        /// The kernel's setting for the processors of its workers.
        var localWorkers = LocalWorkers()
        /// The kernel's setting for the pages that it reads at once.
        var readahead = SwapReadahead()
        /// Called with a notice for the user when the swap is on.
        var tell: (String) -> Void = { StandardError.write("zswapfs: \($0)") }
        /// Called after each step; what it throws fails the command there.
        var afterStep: (SwapStep) throws -> Void = { _ in }
    }

    /// Makes the kernel swap to the file at `path`, which is created if it is missing. After a
    /// failure nothing is left behind: every step is undone, the last first.
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
        let notice = try area.makePrivate(undo: &undo)
        try surroundings.afterStep(.opened)

        let byteCount = try area.grow(toByteCount: options.byteCount, undo: &undo)
        try surroundings.afterStep(.sized)
        // Before the device stands on it: a program that looks at new disks (udev) finds a swap
        // area at once, and the device's page cache never holds an older first page.
        try area.format(byteCount: byteCount, label: label, undo: &undo)
        try surroundings.afterStep(.formatted)

        let attachment = try LoopAttachment(
            to: path, surroundings.attachRequest, freeDevice: surroundings.freeDevice, undo: &undo)
        try surroundings.afterStep(.attached)
        try attachment.verify()
        try surroundings.afterStep(.verified)
        let device = attachment.device
        try LoopQueue.tune(device, undo: &undo)
        try surroundings.afterStep(.tuned)
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
        // By the open device: its node may have come to mean something else.
        let open = attachment.handle.descriptorPath
        try activate(device, open, options)
        undo.add("swap off \(device.path)") { try SwapActivation.turnOff(open) }
        try surroundings.afterStep(.activated)
        if let notice { surroundings.tell(notice) }
        return device
    }

    private static func activate(
        _ device: LoopDevice, _ open: String, _ options: SwapOptions
    ) throws {
        do {
            try SwapActivation.turnOn(
                open, priority: options.priority, discard: options.discard)
        } catch {
            guard error.errno == .notPermitted else {
                throw SystemFailure(call: error.call, errno: error.errno, path: device.path)
            }
            throw refusal(of: device, areaCount: try SwapTable.current().entries.count)
        }
    }

    /// The reason why swapon(2) says EPERM to a command that has the capability for it.
    static func refusal(of device: LoopDevice, areaCount: Int) -> CommandFailure {
        if areaCount >= SwapActivation.areaCountMaxLeast {
            return CommandFailure(
                .unavailable,
                "\(device.path): the kernel swaps to \(areaCount) areas already and can have no "
                    + "more; end one of them with `zswapfs swap off` or swapoff (/proc/swaps names "
                    + "them), or make one area larger in place of several")
        }
        return CommandFailure(
            .notPermitted,
            "\(device.path): the kernel does not let this command swap (EPERM), though it has "
                + "CAP_SYS_ADMIN; a container or a security module forbids it")
    }

    /// Whether the kernel swaps to the file at `path`. False for a file that is not there.
    static func isOn(path: String) throws -> Bool {
        try LoopDevice.attached().contains { device in
            guard let file = device.backing, !file.isRemoved else { return false }
            guard ByteText(file.path) == ByteText(path) else { return false }
            return try isSwap(device)
        }
    }

    private static func checkUnused(_ area: AreaFile) throws {
        guard let device = try area.loopDevices().first else { return }
        let place = "\(area.path): already"
        guard try isSwap(device) else {
            throw CommandFailure(
                .inUse,
                "\(place) attached to \(device.path); `zswapfs swap off \(area.path)` ends that, "
                    + "or `losetup -d \(device.path)` if it is no swap area")
        }
        throw CommandFailure(
            .inUse,
            "\(place) in use as swap on \(device.path); `zswapfs swap off \(area.path)` ends that")
    }

    /// Whether the kernel swaps to this device.
    private static func isSwap(_ device: LoopDevice) throws -> Bool {
        if try SwapTable.current().entry(for: device) != nil { return true }
        return try device.open(for: .readingAndWriting).isSwappedTo()
    }
}
