import CLinux
import Glibc

/// The privileges of this process.
public enum Privileges {
    /// Effective capabilities that the project asks for, by the kernel's numbers.
    public enum Capability: UInt64, CaseIterable, Sendable {
        /// CAP_IPC_LOCK: more memory is locked than RLIMIT_MEMLOCK allows.
        case lockMemory = 14
        /// CAP_SYS_ADMIN, for mounts, loop devices and swapon.
        case administerSystem = 21
        /// CAP_SYS_RESOURCE, for PR_SET_IO_FLUSHER and a negative OOM score.
        case useResources = 24
    }

    /// True when the process has CAP_SYS_ADMIN; being root is neither needed nor enough.
    public static var includeSystemAdministration: Bool { held.contains(.administerSystem) }

    /// The capabilities that this process has. All for root where /proc is missing.
    public static var held: Set<Capability> {
        guard let text = try? SystemText.read("/proc/self/status") else {
            return geteuid() == 0 ? Set(Capability.allCases) : []
        }
        return capabilities(inStatus: text)
    }

    /// The effective capabilities in the text of /proc/self/status; none where it names none.
    static func capabilities(inStatus text: String) -> Set<Capability> {
        let bits = ProcessStatus(text).words(of: "CapEff").first.flatMap { UInt64($0, radix: 16) }
        return Set(Capability.allCases.filter { (bits ?? 0) >> $0.rawValue & 1 == 1 })
    }

    /// The user that this process acts as.
    public static var userID: UInt32 { geteuid() }

    /// Bytes in a page of this kernel: 4096 nearly everywhere, 16384 or 65536 on some ARM machines.
    public static var kernelPageByteCount: Int { Int(sysconf(CInt(_SC_PAGESIZE))) }
}
