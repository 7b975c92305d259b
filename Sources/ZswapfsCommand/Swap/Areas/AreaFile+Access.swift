import LinuxSystem
import SystemPackage

/// Keeping others away from what is swapped: the memory of every program on the machine.
extension AreaFile {
    private static let permissions: UInt32 = 0o600

    /// Makes the area root's alone, and checks that no other process has it open already: an open
    /// file goes on reading in spite of the new permissions. Returns what was changed, for the
    /// user; nil when nothing was.
    ///
    /// Refused while it is open in a program that is not root's; and if it could be read by others
    /// until now, while it is open somewhere that /proc does not show.
    func makePrivate(undo: inout UndoList) throws -> String? {
        let old = try file.status()
        let isPrivate = old.permissions == Self.permissions && old.userID == 0 && old.groupID == 0
        if !isPrivate {
            let file = file
            undo.add("give \(path) its old owner and permissions") {
                try file.setOwner(userID: old.userID, groupID: old.groupID)
                try file.setPermissions(old.permissions)
            }
            // The permissions first: between the two calls no user gains any.
            try file.setPermissions(Self.permissions)
            try file.setOwner(userID: 0, groupID: 0)
            try file.setPermissions(Self.permissions)
        }
        try checkOpeners(mayBeUnseen: isPrivate)
        guard !isPrivate else { return nil }
        let mode = "0" + String(old.permissions, radix: 8)
        return "\(path): mode \(mode) and owner \(old.userID):\(old.groupID) let other users read "
            + "what is swapped; changed to mode 0600 and owner 0:0 (root)"
    }

    private func checkOpeners(mayBeUnseen: Bool) throws {
        guard file.isOpenElsewhere() == true else { return }
        let openers = FileOpeners.find(identity, at: path)
        if let other = openers.first(where: { $0.userID != 0 }) {
            throw CommandFailure(
                .inUse,
                "\(path): process \(other.process) of user \(other.userID) has it open and could "
                    + "read what is swapped; end that process, or name another file")
        }
        guard openers.isEmpty, !mayBeUnseen else { return }
        throw CommandFailure(
            .inUse,
            "\(path): a program has it open or mapped that could read what is swapped "
                + "(`fuser -v \(path)` may tell which); end it, or name another file")
    }
}
