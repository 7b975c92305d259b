import Glibc
import SwapStore

/// The set-user-ID and set-group-ID bits of areas, which go when a user without privileges
/// changes the content. libfuse tells the kernel that the filesystem does this itself
/// (FUSE_CAP_HANDLE_KILLPRIV), so the kernel leaves it to us for writes of every kind.
extension Operations {
    /// The user that keeps the bits: root. The kernel asks for CAP_FSETID, of which a request says
    /// nothing; on /dev/fuse a write says it with a flag, see ``DeviceTransport``.
    static let privilegedUser: UInt32 = 0

    /// To be called before the content of an area changes. Two loads where no bit is set.
    func dropPrivilegeBits(of area: Area, for caller: UInt32) {
        guard caller != Self.privilegedUser else { return }
        let mode = area.mode
        let left = Self.withoutPrivilegeBits(mode)
        guard left != mode else { return }
        store.setAttributes(of: area, mode: left)
    }

    /// The mode that a change of content or of owner leaves. Set-group-ID without execution by the
    /// group means mandatory locking, and stays, as in the kernel.
    static func withoutPrivilegeBits(_ mode: UInt32) -> UInt32 {
        let dropped = mode & S_IXGRP != 0 ? S_ISUID | S_ISGID : S_ISUID
        return mode & ~dropped
    }

    /// The time for which the kernel may cache an area's attributes: 0 while a bit is set, so that
    /// it asks again after a write has taken the bits away.
    func attributeSeconds(of area: Area) -> Double {
        area.mode & (S_ISUID | S_ISGID) == 0 ? Self.attributeSeconds : 0
    }
}
