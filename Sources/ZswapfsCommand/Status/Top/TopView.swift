/// What the keys have chosen: order and place of the areas, pause, help.
struct TopView: Equatable {
    /// The column that areas are sorted by.
    var order = TopTable.Column.pages
    /// Areas above the first one that is shown; cut to what there is when it is drawn.
    var firstArea = 0
    var isPaused = false
    var showsHelp = false
    private(set) var isEnded = false

    /// A key of the terminal.
    private enum Key: Equatable {
        case character(UInt8)
        case up, down, pageUp, pageDown
    }

    private static let pageLength = 10

    /// Takes what came from the keyboard. Bytes that are no key do nothing.
    mutating func take(_ bytes: [UInt8]) { for key in Self.keys(in: bytes) { take(key) } }

    private mutating func take(_ key: Key) {
        switch key {
        case .up, .character(UInt8(ascii: "k")): scroll(by: -1)
        case .down, .character(UInt8(ascii: "j")): scroll(by: 1)
        case .pageUp: scroll(by: -Self.pageLength)
        case .pageDown: scroll(by: Self.pageLength)
        case .character(UInt8(ascii: "q")): isEnded = true
        case .character(UInt8(ascii: "p")): isPaused.toggle()
        case .character(UInt8(ascii: "h")), .character(UInt8(ascii: "?")): showsHelp.toggle()
        case .character(UInt8(ascii: "s")), .character(UInt8(ascii: ">")): sort(by: 1)
        case .character(UInt8(ascii: "<")): sort(by: -1)
        case .character: break
        }
    }

    private mutating func scroll(by count: Int) { firstArea = max(firstArea + count, 0) }

    private mutating func sort(by step: Int) {
        let columns = TopTable.Column.allCases
        let place = (columns.firstIndex(of: order) ?? 0) + step + columns.count
        order = columns[place % columns.count]
        firstArea = 0
    }

    /// Escape sequences of keys come in one piece.
    private static func keys(in bytes: [UInt8]) -> [Key] {
        var keys: [Key] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == 0x1b, let second = rest.first,
                second == UInt8(ascii: "[") || second == UInt8(ascii: "O")
            else {
                keys.append(.character(byte))
                continue
            }
            rest.removeFirst()
            let numbers = rest.prefix { (0x30..<0x40).contains($0) }
            rest = rest.dropFirst(numbers.count)
            switch (rest.popFirst(), numbers.first) {
            case (UInt8(ascii: "A"), nil): keys.append(.up)
            case (UInt8(ascii: "B"), nil): keys.append(.down)
            case (UInt8(ascii: "~"), UInt8(ascii: "5")): keys.append(.pageUp)
            case (UInt8(ascii: "~"), UInt8(ascii: "6")): keys.append(.pageDown)
            default: break
            }
        }
        return keys
    }

    static let help = [
        "q        quit",
        "p        pause: the figures stay, and are measured on",
        "s  >     sort by the next column",
        "<        sort by the column before",
        "j  down  the next area; Page Down: ten more",
        "k  up    the area before; Page Up: ten less",
        "h  ?     this help, and back",
        "",
        "in: pages that programs got back; out: pages that came to be stored.",
        "Latencies are of the last interval, in the daemon. Rejects are",
        "pages, since the mount began; the rate is of the interval.",
    ]
}
