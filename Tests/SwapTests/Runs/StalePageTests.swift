import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Swap slots that come free without a word to the store: seen, told, and given back by the remedy.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct StalePageTests {
        private static let megabyteCount = 24
        private static let pageCount = megabyteCount << 8
        private static let waitMilliseconds = 20_000

        /// Every other page is given back, so no cluster of slots is ever free as a whole, and the
        /// kernel has nothing to discard.
        @Test func halfOfALiveProcess() throws {
            let mount = try SwapMount("half")
            _ = try mount.swapOn("swap", megabyteCount: 64)
            let process = try SwappedProcess(
                megabyteCount: Self.megabyteCount, pages: SamplePages(),
                in: MemoryGroup("half", limitByteCount: 1 << 30))
            #expect(try process.pageOut() > 18 << 20)
            let swapped = try Self.numbers(mount)
            try process.dropEveryOther()
            let least = mount.share(ofByteCount: Self.pageCount / 3)
            let stale = try Self.waitForStale(mount, moreThan: least)
            try Self.expectRemedy(mount, stale: stale)
            #expect(try process.check().wrongPages.isEmpty)
            print("half: swapped \(swapped), dropped \(stale), after \(try Self.numbers(mount))")
            process.end()
            try mount.swapOff("swap")
            try mount.unmount()
        }

        /// Without discards all slots of a process that has ended are stale.
        @Test func allOfADeadProcess() throws {
            let mount = try SwapMount("dead")
            _ = try mount.swapOn("swap", megabyteCount: 64, discard: "none")
            let process = try SwappedProcess(
                megabyteCount: Self.megabyteCount, pages: SamplePages(),
                in: MemoryGroup("dead", limitByteCount: 1 << 30))
            #expect(try process.pageOut() > 18 << 20)
            let swapped = try Self.numbers(mount)
            // What is in use is not stale.
            #expect(swapped.stale <= Self.pageCount / 10)
            process.end()
            let least = mount.share(ofByteCount: Self.pageCount * 3 / 4)
            let stale = try Self.waitForStale(mount, moreThan: least)
            try Self.expectRemedy(mount, stale: stale)
            print("dead: swapped \(swapped), ended \(stale), after \(try Self.numbers(mount))")
            try mount.swapOff("swap")
            try mount.unmount()
        }

        private struct Numbers: CustomStringConvertible {
            let stored: Int
            let used: Int
            let stale: Int
            var description: String { "\(stored) stored, \(used) used, \(stale) stale" }
        }

        private static func numbers(_ mount: SwapMount) throws -> Numbers {
            let used = try mount.swapEntry("swap")?.usedByteCount ?? 0
            return Numbers(
                stored: try mount.number("stats/stored_pages"), used: Int(used) >> 12,
                stale: try mount.number("stats/stale_pages"))
        }

        /// Waits until the daemon has looked, and sees that it says what the kernel and the store
        /// say.
        private static func waitForStale(
            _ mount: SwapMount, moreThan least: Int
        ) throws -> Numbers {
            let isSeen = Patience.wait(milliseconds: waitMilliseconds) {
                guard let numbers = try? Self.numbers(mount) else { return false }
                return numbers.stale > least && numbers.stale == numbers.stored - 1 - numbers.used
            }
            let numbers = try numbers(mount)
            #expect(isSeen, "\(numbers)")
            let lines = try mount.text("stats/areas/swap").split(separator: "\n")
            #expect(lines.last == "stale_pages \(numbers.stale)")
            let words = "\(numbers.stale) pages"
            for text in [
                try mount.text("stats/summary"),
                try ZswapfsProgram.run(["status", mount.path]).output,
            ] {
                #expect(text.contains("\nstale ") && text.contains(words), "\(text)")
            }
            let json = try ZswapfsProgram.run(["status", "--json", mount.path]).output
            #expect(json.components(separatedBy: "\"stale_pages\": \(numbers.stale)").count == 3)
            return numbers
        }

        /// Off and on again: nothing is stale, and the store holds what is swapped and no more.
        private static func expectRemedy(_ mount: SwapMount, stale: Numbers) throws {
            try mount.swapOff("swap")
            #expect(try mount.number("stats/stored_pages") == 1)
            _ = try mount.swapOn("swap", megabyteCount: 64)
            let isGone = Patience.wait(milliseconds: waitMilliseconds) {
                (try? mount.number("stats/stale_pages")) == 0
            }
            let numbers = try numbers(mount)
            #expect(isGone, "\(numbers)")
            #expect(numbers.stored <= stale.stored - stale.stale)
            #expect(!(try mount.text("stats/summary").contains("\nstale ")))
        }
    }
}
