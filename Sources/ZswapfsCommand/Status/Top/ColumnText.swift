import ZswapCore

/// Text measured in the columns of a terminal.
///
///     "swap"  4    "名前"  4    "é" of two scalars  1
///
/// Law: what is cut is never wider than was asked for, and has no half of a wide character.
enum ColumnText {
    /// Columns that text takes.
    static func width(of text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
    }

    /// The beginning that fits; a last column of `…` or `~` says that there is more.
    static func cut(_ text: String, to columnCount: Int, isUTF8: Bool) -> String {
        guard width(of: text) > columnCount else { return text }
        guard columnCount > 0 else { return "" }
        var kept = String.UnicodeScalarView()
        var used = 0
        for scalar in text.unicodeScalars {
            let width = width(of: scalar)
            guard used + width <= columnCount - 1 else { break }
            kept.append(scalar)
            used += width
        }
        return String(kept) + (isUTF8 ? "…" : "~")
    }

    /// Text with blanks behind it, or before it.
    static func padded(_ text: String, to columnCount: Int, toTheRight: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(columnCount - width(of: text), 0))
        return toTheRight ? blanks + text : text + blanks
    }

    /// A name as a terminal may get it: on one line, nothing that moves the cursor or the order of
    /// characters. Without UTF-8 only ASCII.
    static func name(_ name: String, isUTF8: Bool) -> String {
        String(
            String.UnicodeScalarView(
                ByteText(name).printable.unicodeScalars.map { scalar in
                    let isFormat = scalar.properties.generalCategory == .format
                    return isFormat || !isUTF8 && !scalar.isASCII ? "?" : scalar
                }))
    }

    private static func width(of scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x20..<0x300: return 1
        // Wide ones, as Unicode's East Asian Width has them, by blocks.
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3,
            0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6,
            0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1faff, 0x20000...0x3fffd:
            return 2
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return 1
        }
    }
}
