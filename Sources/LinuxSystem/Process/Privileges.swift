import CLinux
import Glibc

/// The privileges of this process.
public enum Privileges {
    /// Bit of CAP_SYS_ADMIN, which loop devices, swapon and umount ask for.
    private static let systemAdministration = 21

    /// True when the process has CAP_SYS_ADMIN; being root is neither needed nor enough.
    public static var includeSystemAdministration: Bool {
        guard let text = try? SystemText.read("/proc/self/status") else { return geteuid() == 0 }
        return capabilities(inStatus: text) >> systemAdministration & 1 == 1
    }

    /// The effective capabilities in the text of /proc/self/status; 0 where it names none.
    static func capabilities(inStatus text: String) -> UInt64 {
        ProcessStatus(text).words(of: "CapEff").first.flatMap { UInt64($0, radix: 16) } ?? 0
    }

    /// The user that this process acts as.
    public static var userID: UInt32 { geteuid() }

    /// Bytes in a page of this kernel: 4096 nearly everywhere, 16384 or 65536 on some ARM machines.
    public static var kernelPageByteCount: Int { Int(sysconf(CInt(_SC_PAGESIZE))) }
}
