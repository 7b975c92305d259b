/// A byte count with an optional unit K, M, G or T: `4096`, `512K`, `64M`, `2T`. Units are powers
/// of 1024, in either case, with an optional `iB` or `B`. Fractions are rejected.
public struct ByteSize: Hashable, Comparable, Sendable {
    /// The size in bytes.
    public let bytes: UInt64

    /// This many bytes.
    public init(bytes: UInt64) { self.bytes = bytes }

    /// The size that `text` spells; nil when it is no size or does not fit in 64 bits.
    public init?(parsing text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = UInt64(digits) else { return nil }
        let shift: UInt64
        switch text.dropFirst(digits.count).lowercased() {
        case "", "b": shift = 0
        case "k", "kb", "kib": shift = 10
        case "m", "mb", "mib": shift = 20
        case "g", "gb", "gib": shift = 30
        case "t", "tb", "tib": shift = 40
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        bytes = product
    }

    /// Shares of a whole that a size may be.
    public static let percents: ClosedRange<UInt64> = 1...1000

    /// The size that `text` spells; `50%` is that share of `wholeByteCount`, rounded down to whole
    /// MiB. Nil also for a share that is not in ``percents``.
    public init?(parsing text: String, ofWhole wholeByteCount: UInt64) {
        guard text.utf8.last == UInt8(ascii: "%") else {
            self.init(parsing: text)
            return
        }
        let digits = text.dropLast()
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let percent = UInt64(digits),
            Self.percents.contains(percent)
        else { return nil }
        let (product, overflow) = wholeByteCount.multipliedReportingOverflow(by: percent)
        guard !overflow else { return nil }
        self.init(bytes: ((product / 100) >> 20) << 20)
    }

    /// For people: `1.5 GiB`, `12.0 MiB`, `312 bytes`.
    public var description: String {
        let units: [(UInt64, String)] = [
            (1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"),
        ]
        guard let (unit, name) = units.first(where: { bytes >= $0.0 }) else {
            return "\(bytes) bytes"
        }
        let (whole, rest) = bytes.quotientAndRemainder(dividingBy: unit)
        return "\(whole).\(rest * 10 / unit) \(name)"
    }

    /// Order by size.
    public static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }
}

extension ByteSize: CustomStringConvertible {}
