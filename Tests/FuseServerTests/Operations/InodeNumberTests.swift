import Glibc
import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    /// The meaning of inode numbers in this process and in the next one that serves the mount.
    @Suite struct InodeNumberTests {
        private let second: UInt64 = 1_000_000_000

        @Test func rangesDoNotMeet() {
            let hash = InodeNumber.PathHash("params/zpool")
            let first = InodeNumber.control(hash, sequence: 1)
            let last = InodeNumber.control(hash, sequence: InodeNumber.sequenceMax)
            #expect(first >= 1 << 48 && last < 1 << 63)
            for slot in [0, 1, Limits.areasMax - 1] {
                let number = InodeNumber.area(slot: slot)
                #expect(number == 0x1000 + UInt64(slot))
                #expect(InodeNumber.areaSlot(of: number) == slot)
                #expect(InodeNumber.pathHash(of: number) == nil)
            }
            for number in [first, last] {
                #expect(InodeNumber.areaSlot(of: number) == nil)
                #expect(InodeNumber.pathHash(of: number) == hash)
            }
            #expect(InodeNumber.sequence(of: first) == 1)
            #expect(InodeNumber.sequence(of: last) == InodeNumber.sequenceMax)
            for number in [0, 1, 0xfff, 0x10_0000, 1 << 48 - 1, 1 << 63, .max] as [UInt64] {
                #expect(InodeNumber.areaSlot(of: number) == nil)
                #expect(InodeNumber.pathHash(of: number) == nil, "\(number)")
            }
        }

        /// Published test vectors of FNV-1a, 64 bits, of which the lower 48 count.
        @Test(
            arguments: [
                ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c),
                ("foobar", 0x8594_4171_f739_67e8),
            ] as [(ByteText, UInt64)])
        func hashesOfPaths(path: ByteText, expected: UInt64) {
            #expect(InodeNumber.PathHash(path).value == expected & (1 << 48 - 1))
        }

        @Test func sequencesOfAnyGenerationAreSequences() {
            for generation in [0, 1, 2, 127, 128, 1000, .max, .min, -1] {
                let first = InodeNumber.firstSequence(inGeneration: generation)
                #expect((1...InodeNumber.sequenceMax).contains(first), "\(generation)")
            }
            #expect(InodeNumber.firstSequence(inGeneration: 0) == 1)
            let firsts = (0..<100).map(InodeNumber.firstSequence)
            #expect(Set(firsts).count == 100)
        }

        @Test func textsOfOnePathDifferInTheSequence() throws {
            let table = InodeTable()
            var numbers: [UInt64] = []
            for round in 0..<300 {
                let number = try table.lookUp(
                    controlPath: "a", text: Array("\(round)".utf8), now: UInt64(round) * second)
                table.open(control: number)
                numbers.append(number)
            }
            #expect(Set(numbers).count == 300)
            #expect(Set(numbers.map { InodeNumber.pathHash(of: $0)?.value }).count == 1)
            #expect(Set(numbers.compactMap(InodeNumber.sequence)).count == 300)
        }

        @Test func sequencesBeginAgainAndRunOut() throws {
            let table = InodeTable(generation: 127)
            var numbers: Set<UInt64> = []
            for round in 0..<Int(InodeNumber.sequenceMax) {
                let number = try table.lookUp(
                    controlPath: "a", text: Array("\(round)".utf8), now: UInt64(round) * second)
                table.open(control: number)
                numbers.insert(number)
            }
            #expect(numbers.count == Int(InodeNumber.sequenceMax))
            #expect(throws: Refusal(ENFILE)) {
                _ = try table.lookUp(controlPath: "a", text: [1], now: .max)
            }
            let number = try #require(numbers.first)
            table.forget(control: number, count: 1)
            #expect(try table.lookUp(controlPath: "a", text: [1], now: .max) == number)
        }

        /// A file may hold another text when the next server gives a number out; a directory has
        /// none.
        @Test func theNextGenerationsNumbers() throws {
            let (first, next) = (InodeTable(), InodeTable(generation: 1))
            let directory = try first.lookUp(controlPath: "d", text: nil, now: 0)
            #expect(try next.lookUp(controlPath: "d", text: nil, now: 0) == directory)
            let file = try first.lookUp(controlPath: "f", text: [1], now: 0)
            let other = try next.lookUp(controlPath: "f", text: [1], now: 0)
            #expect(other != file)
            #expect(InodeNumber.pathHash(of: other) == InodeNumber.pathHash(of: file))
            #expect(next.shownNumber(of: other) == first.shownNumber(of: file))
        }
    }
}
