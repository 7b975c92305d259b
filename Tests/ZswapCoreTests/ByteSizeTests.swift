import Testing
import ZswapCore

@Suite struct ByteSizeTests {
    @Test(arguments: [
        ("", 0), ("b", 0), ("k", 10), ("kb", 10), ("kib", 10), ("m", 20), ("mb", 20), ("mib", 20),
        ("g", 30), ("gb", 30), ("gib", 30), ("t", 40), ("tb", 40), ("tib", 40),
    ])
    func everySuffixInEveryCase(suffix: String, shift: UInt64) {
        for spelling in Self.spellings(of: suffix) {
            #expect(ByteSize(parsing: "3" + spelling)?.bytes == 3 << shift, "3\(spelling)")
            #expect(ByteSize(parsing: "0" + spelling)?.bytes == 0, "0\(spelling)")
        }
    }

    @Test(arguments: [0, 10, 20, 30, 40] as [UInt64])
    func theLargestFitsAndTheNextDoesNot(shift: UInt64) throws {
        let suffix = try #require(["", "K", "M", "G", "T"][Int(shift / 10)] as String?)
        let largest = UInt64.max >> shift
        #expect(ByteSize(parsing: "\(largest)\(suffix)")?.bytes == largest << shift)
        guard shift > 0 else { return }
        #expect(ByteSize(parsing: "\(largest + 1)\(suffix)") == nil)
    }

    @Test func beyond64BitsIsRefused() {
        #expect(ByteSize(parsing: "18446744073709551615")?.bytes == .max)
        #expect(ByteSize(parsing: "18446744073709551616") == nil)
        #expect(ByteSize(parsing: "99999999999999999999999999") == nil)
    }

    @Test(arguments: [
        "", " ", "k", "K1", "GiB", "-1", "-1K", "+1", "1.5G", "1,5G", ".5M", "1.", "1e3", "0x10",
        " 1", "1 ", "1 K", "1\n", "1KK", "1KiBB", "1ki", "1P", "1E", "1bytes", "1_000", "١K", "1²",
        "½", "1K̈", "\0", "1\0", "one",
    ])
    func everythingElseIsRefused(text: String) {
        #expect(ByteSize(parsing: text) == nil)
    }

    @Test(
        arguments: [
            ("50%", 8 << 30), ("1%", 163 << 20), ("100%", 16 << 30), ("1000%", 160 << 30),
            ("033%", 5406 << 20), ("512M", 512 << 20), ("7", 7),
        ] as [(String, UInt64)])
    func aShareIsOfTheWhole(text: String, byteCount: UInt64) {
        #expect(ByteSize(parsing: text, ofWhole: 16 << 30)?.bytes == byteCount)
        #expect(ByteSize(parsing: "2%", ofWhole: .max / 100)?.bytes ?? 0 > 0)
    }

    @Test(arguments: [
        "%", "0%", "1001%", "-1%", "+1%", "1.5%", "50 %", "50%%", "x%", "50%K", "١%",
        "99999999999999999999%",
    ])
    func otherSharesAreRefused(text: String) {
        #expect(ByteSize(parsing: text, ofWhole: 16 << 30) == nil)
        #expect(ByteSize(parsing: text) == nil)
    }

    /// A share beyond 64 bits.
    @Test func aShareOfTooMuchIsRefused() {
        #expect(ByteSize(parsing: "1000%", ofWhole: .max) == nil)
    }

    @Test func leadingZerosAreDecimal() {
        #expect(ByteSize(parsing: "0010K")?.bytes == 10240)
        #expect(ByteSize(parsing: "00")?.bytes == 0)
    }

    @Test(
        arguments: [
            (0, "0 bytes"), (1, "1 bytes"), (312, "312 bytes"), (1023, "1023 bytes"),
            (1024, "1.0 KiB"), (1 << 20 - 1, "1023.9 KiB"), (12 << 20, "12.0 MiB"),
            (3 << 29, "1.5 GiB"), (1 << 40, "1.0 TiB"), (.max, "16777215.9 TiB"),
        ] as [(UInt64, String)])
    func describesItselfForPeople(bytes: UInt64, text: String) {
        #expect(ByteSize(bytes: bytes).description == text)
    }

    @Test func ordersBySize() {
        #expect(ByteSize(bytes: 1) < ByteSize(bytes: 2))
        #expect(!(ByteSize(bytes: 2) < ByteSize(bytes: 2)))
        #expect(ByteSize(bytes: .max) > ByteSize(bytes: 0))
    }

    /// The text with each letter in either case.
    private static func spellings(of text: String) -> [String] {
        text.reduce(into: [""]) { spellings, letter in
            spellings = spellings.flatMap {
                [$0 + letter.lowercased(), $0 + letter.uppercased()]
            }
        }
    }
}
