import LinuxSystem

/// The request to the kernel, and the account of it.
///
/// Law: the device is written only when what is asked for changes. One that cannot be written is
/// not tried again before the mode is set anew.
struct LatencyHolder {
    private let device: LatencyDevice?
    private(set) var obstacle: String?
    private(set) var mode = LatencyMode.auto
    private var hysteresis = LatencyHysteresis()
    private var isHeld = false
    private var changeCount = 0
    private var heldNanoseconds: Int64 = 0
    private var heldSince: Int64 = 0
    private let startedAt: Int64

    init(_ device: LatencyDevice?, obstacle: String?, now: Int64) {
        self.device = device
        self.obstacle = obstacle
        startedAt = now
    }

    /// Sets the mode and asks the kernel for what it says. In `auto` a burst that goes on has to
    /// be heard anew.
    mutating func set(_ mode: LatencyMode, now: Int64) {
        self.mode = mode
        if device != nil { obstacle = nil }
        hysteresis = LatencyHysteresis()
        _ = look(isBurst: false, readCount: 0, now: now)
    }

    /// Decides and asks. Returns whether to look again soon, without a burst.
    mutating func look(isBurst: Bool, readCount: Int64, now: Int64) -> Bool {
        guard obstacle == nil else { return false }
        let looksAgain = hysteresis.look(mode: mode, isBurst: isBurst, readCount: readCount)
        ask(hysteresis.isHeld, now)
        return looksAgain && obstacle == nil
    }

    /// Whether a burst would change something.
    var waitsForBurst: Bool { obstacle == nil && mode == .auto && !isHeld }

    /// Withdraws the request: the mount has gone.
    mutating func end(now: Int64) { ask(false, now) }

    private mutating func ask(_ holds: Bool, _ now: Int64) {
        guard holds != isHeld, let device else { return }
        do throws(SystemFailure) {
            if holds { try device.request(microseconds: 0) } else { try device.withdraw() }
        } catch {
            obstacle = "\(error.call): \(error.errno.name)"
            hysteresis = LatencyHysteresis()
            return
        }
        isHeld = holds
        changeCount += 1
        if holds { heldSince = now } else { heldNanoseconds += max(now - heldSince, 0) }
    }

    func report(now: Int64) -> LatencyReport {
        LatencyReport(
            mode: mode,
            state: obstacle != nil ? .unavailable : isHeld ? .held : .released,
            obstacle: obstacle, changeCount: changeCount,
            heldNanoseconds: heldNanoseconds + (isHeld ? max(now - heldSince, 0) : 0),
            nanoseconds: max(now - startedAt, 0))
    }
}
