import LinuxSystem
import Synchronization
import Threads

/// Keeps processors awake while faults are served, so that no hand-over on a fault's way waits for
/// a processor to wake up.
///
///     serving threads ─ FaultPulse ─► a word ─► thread ─ LatencyHolder ─► /dev/cpu_dma_latency
///
/// Law: the device is opened before serving. The thread sleeps without end while there is nothing
/// to decide: while nothing is held, and outside of ``LatencyMode/auto``. Without the device it
/// always sleeps, and serving threads only count.
/// Price: a thread; while something is held, a hundred looks a second at the serving threads'
/// counters.
public final class LatencyControl: Sendable {
    /// The counter of reads by serving threads.
    public let pulse: FaultPulse
    private let holder: Mutex<LatencyHolder>

    /// Opens the device; where that fails the report says why.
    public convenience init(opening path: String) {
        do throws(SystemFailure) {
            self.init(try LatencyDevice(path), obstacle: nil)
        } catch {
            self.init(nil, obstacle: "\(error.call) \(error.path): \(error.errno.name)")
        }
    }

    private init(_ device: LatencyDevice?, obstacle: String?) {
        pulse = FaultPulse()
        holder = Mutex(
            LatencyHolder(device, obstacle: obstacle, now: MonotonicClock.nanoseconds))
    }

    /// Creates a control that keeps nothing awake, for a control tree without a daemon.
    public static func absent() -> LatencyControl {
        LatencyControl(nil, obstacle: "no daemon")
    }

    /// The setting: when processors are kept awake.
    public var mode: LatencyMode { holder.withLock { $0.mode } }

    /// Sets the mode; the request to the kernel changes before this returns.
    public func set(_ mode: LatencyMode) {
        holder.withLock { $0.set(mode, now: MonotonicClock.nanoseconds) }
        pulse.listener.ring()
    }

    /// The report so far.
    public var report: LatencyReport {
        holder.withLock { $0.report(now: MonotonicClock.nanoseconds) }
    }

    /// The reason why the kernel cannot be asked; nil when it can.
    public var obstacle: String? { holder.withLock { $0.obstacle } }

    /// The thread's loop, until it has to stop: sleeps, decides, asks the kernel.
    func run(_ thread: BackgroundThread) {
        let listener = pulse.listener
        var lastCount = pulse.readCount
        var listens = false
        while true {
            // Before anything is looked at: what changes later changes the word, too, and the wait
            // below ends at once.
            let seen = listener.wakeWord.load()
            guard !thread.isStopping else { break }
            let isBurst = listens && !listener.stopListening()
            let count = pulse.readCount
            let looksAgain = holder.withLock {
                $0.look(
                    isBurst: isBurst, readCount: Int64(bitPattern: count &- lastCount),
                    now: MonotonicClock.nanoseconds)
            }
            lastCount = count
            listens = !looksAgain && holder.withLock { $0.waitsForBurst }
            if listens { listener.listen() }
            listener.wakeWord.wait(
                while: seen, nanoseconds: looksAgain ? LatencyHysteresis.lookNanoseconds : -1)
        }
        _ = listener.stopListening()
        holder.withLock { $0.end(now: MonotonicClock.nanoseconds) }
    }
}
