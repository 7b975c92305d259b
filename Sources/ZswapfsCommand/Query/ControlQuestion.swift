import LinuxSystem
import ZswapCore

/// A question about control files, as it goes to a daemon.
///
///     code 1 (read) or 2 (list), body: the path  ──>  code 0, body: the text, or the names with a
///     code 3 (loop device), body: its node            zero behind each; else code errno
struct ControlQuestion: Equatable {
    /// The kinds of questions. A number is never given another meaning.
    enum Verb: UInt32 {
        /// The text of a file.
        case read = 1
        /// The names in a directory; the path of the top is empty.
        case list = 2
        /// The backing file of the loop device at the path; answered only by a child of this
        /// process.
        case loop = 3
    }

    let verb: Verb
    let path: String

    init(_ verb: Verb, _ path: String) {
        self.verb = verb
        self.path = path
    }

    /// The question that a message is; nil for a verb that is not known.
    init?(_ message: LocalMessage) {
        guard let verb = Verb(rawValue: message.code) else { return nil }
        self.init(verb, String(decoding: message.body, as: UTF8.self))
    }

    var message: LocalMessage { LocalMessage(code: verb.rawValue, body: Array(path.utf8)) }

    /// The names in the body of an answer to `list`.
    static func names(in body: [UInt8]) -> [String] {
        body.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension LocalMessage {
    /// An answer that is a list of names.
    static func answer(names: [ByteText]) -> LocalMessage {
        LocalMessage(code: 0, body: names.flatMap { Array($0.text.utf8) + [0] })
    }
}
