/// A message between a supervisor, its servers and the commands that ask it for something: one
/// packet each.
///
///     | version 1 | code 1 | text |
///
/// Law: both ends are the same program, or the new version of one; a packet that does not parse is
/// ignored.
enum SupervisorMessage: Equatable {
    /// To a server: there was none before it; it mounts.
    case first
    /// To a server: it waits for its turn. Descriptors follow.
    case standby
    /// To a standby: it has been given all descriptors that there are.
    case complete
    /// To a standby: it is the server now. A monotonic clock tells when the one before it ended.
    case turn(restartCount: Int, diedAtNanoseconds: Int64, reason: String)
    /// Both ways: the descriptor that comes along has this name.
    case keep(String)
    /// Both ways: the descriptor of this name is of no use any more.
    case drop(String)
    /// From a server: it serves.
    case ready
    /// From a server: it ends because the mount has gone. No successor is started.
    case ended
    /// From a standby that has been given all: it can take over what there is.
    case fits
    /// From a command: the program whose file comes along is to take over.
    case upgrade
    /// To that command: it has, and serves.
    case upgraded
    /// From a standby: why it cannot take over what there is. To a command: why not.
    case refused(String)

    private static let version: UInt8 = 1
    private static let nameByteCountMax = 32
    private static let reasonByteCountMax = 128
    /// Longest reason of a refused upgrade, in bytes; longer ones are cut.
    private static let refusalByteCountMax = 400

    private enum Code: UInt8 {
        case first = 1
        case standby, complete, turn, keep, drop, ready, ended, fits, upgrade, upgraded, refused
    }

    /// The packet.
    var bytes: [UInt8] {
        let (code, text): (Code, String) =
            switch self {
            case .first: (.first, "")
            case .standby: (.standby, "")
            case .complete: (.complete, "")
            case .turn(let count, let time, let reason): (.turn, "\(count) \(time) \(reason)")
            case .keep(let name): (.keep, name)
            case .drop(let name): (.drop, name)
            case .ready: (.ready, "")
            case .ended: (.ended, "")
            case .fits: (.fits, "")
            case .upgrade: (.upgrade, "")
            case .upgraded: (.upgraded, "")
            case .refused(let text):
                (
                    .refused,
                    String(decoding: text.utf8.prefix(Self.refusalByteCountMax), as: UTF8.self)
                )
            }
        return [Self.version, code.rawValue] + Array(text.utf8)
    }

    /// The message of a packet; nil for one that is none.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 2, bytes[0] == Self.version, let code = Code(rawValue: bytes[1]),
            let text = String(validating: bytes.dropFirst(2), as: UTF8.self)
        else { return nil }
        switch code {
        case .first where text.isEmpty: self = .first
        case .standby where text.isEmpty: self = .standby
        case .complete where text.isEmpty: self = .complete
        case .ready where text.isEmpty: self = .ready
        case .ended where text.isEmpty: self = .ended
        case .fits where text.isEmpty: self = .fits
        case .upgrade where text.isEmpty: self = .upgrade
        case .upgraded where text.isEmpty: self = .upgraded
        case .refused: self = .refused(text)
        case .keep where Self.isName(text): self = .keep(text)
        case .drop where Self.isName(text): self = .drop(text)
        case .turn:
            let words = text.split(separator: " ", maxSplits: 2)
            guard words.count == 3, let count = Int(words[0]), count >= 0,
                let time = Int64(words[1]), words[2].utf8.count <= Self.reasonByteCountMax
            else { return nil }
            self = .turn(
                restartCount: count, diedAtNanoseconds: time, reason: String(words[2]))
        default: return nil
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...nameByteCountMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-")
            }
    }
}
