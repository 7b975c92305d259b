import SystemPackage

/// The settings of a loop device's queue while it is swap.
///
///     program ── fault ──► loop worker ──► serving thread answers: the request is done
///        ▲                                                           │
///        ├─ rq_affinity 1: that processor's ksoftirqd is woken ──────┤
///        └─ rq_affinity 2: an interrupt on the program's processor ──┘
///
/// Measured: decision 0043.
public enum LoopQueue {
    private struct Setting {
        let attribute: String
        let value: String
        /// The value in a new loop device.
        let kernelsValue: String
    }

    private static let settings = [
        // Write throttling would let only a few pages at a time out of memory.
        Setting(attribute: "queue/wbt_lat_usec", value: "0", kernelsValue: "-1"),
        Setting(attribute: "queue/rq_affinity", value: "2", kernelsValue: "1"),
    ]

    /// Sets the queue up. A kernel without one of the settings has nothing to set; one for a single
    /// processor refuses the second (EINVAL).
    public static func tune(_ device: LoopDevice, undo: inout UndoList) throws {
        for setting in settings {
            let attribute = setting.attribute
            guard let old = try device.attribute(attribute) else { continue }
            do {
                try device.setAttribute(attribute, to: setting.value)
            } catch {
                guard error.errno == .invalidArgument else { throw error }
                continue
            }
            undo.add("set \(attribute) of \(device.path) back") {
                try device.setAttribute(attribute, to: old)
            }
        }
    }

    /// Leaves the queue to the device's next user as the kernel makes it. Only a courtesy: a
    /// failure costs speed at most.
    public static func reset(_ device: LoopDevice) {
        for setting in settings {
            _ = try? device.setAttribute(setting.attribute, to: setting.kernelsValue)
        }
    }
}
