import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    /// Control files by number: sizes, texts, and what they may take.
    @Suite struct InodeTableTests {
        private let second: UInt64 = 1_000_000_000

        private func text(_ byte: UInt8, _ count: Int) -> [UInt8] {
            [UInt8](repeating: byte, count: count)
        }

        @Test func anOpenFileKeepsItsTextAndSize() throws {
            let table = InodeTable()
            let first = try table.lookUp(controlPath: "a", text: text(1, 10), now: 0)
            table.open(control: first)
            #expect(try table.lookUp(controlPath: "a", text: text(1, 10), now: 1) == first)
            let other = try table.lookUp(controlPath: "a", text: text(2, 12), now: second)
            #expect(other != first)
            #expect(table.byteCount(of: first) == 10 && table.byteCount(of: other) == 12)
            #expect(table.text(of: first) == .bytes(text(1, 10)))
            #expect(table.text(of: other) == .none)
            // Programs see one file.
            #expect(table.shownNumber(of: other) == table.shownNumber(of: first))
            table.close(control: first)
            table.forget(control: first, count: 2)
            #expect(table.node(first) == nil)
            #expect(table.node(other) == .control(path: "a"))
        }

        @Test func aFileThatIsAboutToBeOpenedKeepsItsText() throws {
            let table = InodeTable()
            let first = try table.lookUp(controlPath: "a", text: text(1, 10), now: 0)
            #expect(try table.lookUp(controlPath: "a", text: text(2, 12), now: 1000) != first)
        }

        @Test func aFileThatNobodyReadsGetsTheNewText() throws {
            let table = InodeTable()
            let number = try table.lookUp(controlPath: "a", text: text(1, 10), now: 0)
            #expect(try table.lookUp(controlPath: "a", text: text(2, 12), now: second) == number)
            #expect(table.byteCount(of: number) == 12)
            #expect(table.isStale(number, 3 * second) && !table.isStale(number, second))
            table.renew(number, text(3, 4), 3 * second)
            table.open(control: number)
            #expect(table.text(of: number) == .bytes(text(3, 4)))
            #expect(!table.isStale(number, 9 * second))
        }

        @Test func textsOfManyOpenFilesAreBounded() throws {
            let table = InodeTable(textByteCountMax: 1000)
            var numbers: [UInt64] = []
            for round in 0..<200 {
                let number = try table.lookUp(
                    controlPath: "a", text: text(UInt8(round), 100), now: UInt64(round) * second)
                table.open(control: number)
                numbers.append(number)
            }
            #expect(Set(numbers).count == 200)
            let held = numbers.filter { table.text(of: $0) != .gone }
            #expect(held.count <= 10 && held.contains(numbers[199]))
            // It is said that a text went, and not that it ends.
            #expect(table.text(of: numbers[0]) == .gone)
            #expect(table.byteCount(of: numbers[0]) == 100)
            // One that is too large for all is read all the same.
            let large = try table.lookUp(controlPath: "b", text: text(9, 5000), now: 0)
            table.open(control: large)
            #expect(table.text(of: large) == .bytes(text(9, 5000)))
            #expect(numbers.allSatisfy { table.text(of: $0) == .gone })
        }

        @Test func equalTextsAreOne() throws {
            let account = Account()
            let table = InodeTable { account.byteCount = $0 }
            var numbers: Set<UInt64> = []
            for round in 0..<1000 {
                let number = try table.lookUp(
                    controlPath: "a", text: text(7, 100), now: UInt64(round) * second)
                table.open(control: number)
                numbers.insert(number)
            }
            #expect(account.byteCount == 100)
            let number = try #require(numbers.first)
            #expect(numbers.count == 1)
            table.forget(control: number, count: 1000)
            #expect(account.byteCount == 0)
        }

        private final class Account: @unchecked Sendable {
            // Unchecked: told and asked by one thread.
            var byteCount = 0
        }
    }
}
