import Testing

@testable import ZswapCore

/// Words that were mistyped.
@Suite struct NearestWordTests {
    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "abc", 3), ("zpool", "zpool", 0), ("zpol", "zpool", 1),
        ("zopol", "zpool", 1), ("zppool", "zpool", 1), ("zpoof", "zpool", 1), ("ab", "ba", 1),
        ("kitten", "sitting", 3), ("zbud", "lz4", 4),
    ])
    func theDistanceCountsChanges(left: String, right: String, distance: Int) {
        #expect(NearestWord.distance(left, right) == distance)
        #expect(NearestWord.distance(right, left) == distance)
    }

    @Test func theNearestOfSeveralIsTaken() {
        let words = ["mount", "unmount", "swap", "status", "get", "set", "doctor"]
        #expect(NearestWord.of("docter", in: words) == "doctor")
        #expect(NearestWord.of("staus", in: words) == "status")
        #expect(NearestWord.of("mont", in: words) == "mount")
        #expect(NearestWord.of("sett", in: words) == "set")
        #expect(NearestWord.question("swpa", in: words) == " (did you mean 'swap'?)")
    }

    @Test func nothingIsNearToAnotherWord() {
        let words = ["mount", "get", "swap"]
        for typed in ["", "x", "gap", "nosuch", "got it", String(repeating: "mount", count: 1000)] {
            #expect(NearestWord.of(typed, in: words) == nil, "\(typed.prefix(20))")
            #expect(NearestWord.question(typed, in: words).isEmpty)
        }
    }
}
