import Foundation
import LinuxSystem
import PoolTesting
import SwapStore
import TestSupport
import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    /// Large requests that several threads take pieces of.
    @Suite(.serialized, .timeLimit(.minutes(10))) struct HelpersTests {
        private static let pageCount = 1024
        private let fixture: TestStore
        private let area: Area
        private let helpers: Helpers
        private let helperWorkers: [StoreWorker]

        init() throws {
            let fixture = try TestStore(growsInBackground: true)
            self.fixture = fixture
            area = try fixture.makeArea()
            try fixture.store.extend(area, to: UInt64(Self.pageCount * Page.byteCount))
            let workers = try (0..<2).map { _ in try #require(fixture.store.makeWorker()) }
            helperWorkers = workers
            helpers = Helpers(store: fixture.store, workers: workers)
        }

        /// Runs with the helpers awake, and without them afterwards.
        private func withHelpers(_ body: () throws -> Void) throws {
            try helpers.start()
            defer {
                helpers.stop()
                for worker in helperWorkers { fixture.store.removeWorker(worker) }
            }
            try body()
        }

        private func write(
            _ bytes: inout [UInt8], at offset: Int, by worker: StoreWorker? = nil
        ) throws -> Int? {
            try bytes.withUnsafeMutableBytes { bytes in
                try helpers.perform(
                    bytes, writes: true, area, at: UInt64(offset), by: worker ?? fixture.worker)
            }
        }

        private func read(_ bytes: inout [UInt8], at offset: Int) throws -> Int? {
            try bytes.withUnsafeMutableBytes { bytes in
                try helpers.perform(
                    bytes, writes: false, area, at: UInt64(offset), by: fixture.worker)
            }
        }

        private static func pages(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
            (0..<count).flatMap { _ in
                Bool.random(using: &random)
                    ? PageContent.compressible(random.next())
                    : PageContent.incompressible(random.next())
            }
        }

        /// Nanoseconds that threads of this name have run.
        private static func nanoseconds(ofThreads name: String) -> Int {
            SystemText.names(inDirectory: "/proc/self/task").reduce(0) { sum, thread in
                let directory = "/proc/self/task/\(thread)"
                guard let own = try? SystemText.attribute("\(directory)/comm"),
                    own.hasPrefix(name), let text = try? SystemText.read("\(directory)/schedstat")
                else { return sum }
                return sum + (text.split(separator: " ").first.flatMap { Int($0) } ?? 0)
            }
        }

        @Test(arguments: [1, 2] as [UInt64]) func everyPageIsRight(seed: UInt64) throws {
            try withHelpers {
                var random = SplitMix64(seed: seed)
                var model = [UInt8](repeating: 0, count: Self.pageCount * Page.byteCount)
                for _ in 0..<60 {
                    let count = Int.random(in: 32...256, using: &random)
                    let first = Int.random(in: 0...Self.pageCount - count, using: &random)
                    let start = first * Page.byteCount
                    var bytes = Self.pages(count, &random)
                    // The last page need not be whole.
                    bytes.removeLast(Int.random(in: 0..<Page.byteCount / 2, using: &random))
                    try #require(bytes.count >= Helpers.byteCountMin)
                    let taken = try write(&bytes, at: start)
                    #expect(taken == bytes.count)
                    model.replaceSubrange(start..<start + bytes.count, with: bytes)
                    var back = [UInt8](repeating: 0xee, count: count * Page.byteCount)
                    let got = try read(&back, at: start)
                    #expect(got == back.count)
                    #expect(back == Array(model[start..<start + back.count]))
                }
                #expect(
                    Self.nanoseconds(ofThreads: "zswapfs-help") > 1_000_000, "no thread has helped")
                #expect(
                    try fixture.read(area, at: 0, count: model.count) == model,
                    "by the ordinary way")
            }
        }

        @Test func whatIsNotSharedIsLeftAlone() throws {
            try withHelpers {
                var small = [UInt8](repeating: 1, count: Helpers.byteCountMin - 1)
                let tooSmall = try write(&small, at: 0)
                #expect(tooSmall == nil)
                var large = [UInt8](repeating: 1, count: Helpers.byteCountMin)
                let unaligned = try write(&large, at: 1)
                #expect(unaligned == nil, "not at the begin of a page")
                let end = Self.pageCount * Page.byteCount
                let pastTheEnd = try write(&large, at: end - Page.byteCount)
                #expect(pastTheEnd == nil, "past the end")
                #expect(try fixture.read(area, at: 0, count: end).allSatisfy { $0 == 0 })
                #expect(area.size == UInt64(end))
                let shared = try write(&large, at: 0)
                #expect(shared == large.count)
            }
        }

        /// Pages taken before the refusal count; a refused page keeps its old bytes.
        @Test func aRefusedPageEndsTheRequest() throws {
            try withHelpers {
                var random = SplitMix64(seed: 3)
                let count = 256
                let zeros = [UInt8](repeating: 0, count: 100 * Page.byteCount)
                var bytes = zeros + Self.pages(count - 100, &random)
                var old = [UInt8](repeating: 7, count: bytes.count)
                let before = try write(&old, at: 0)
                #expect(before == old.count)
                fixture.store.update { $0.maxPoolPercent = 0 }
                let taken = try write(&bytes, at: 0)
                #expect(taken == zeros.count)
                var back = [UInt8](repeating: 0xee, count: bytes.count)
                let got = try read(&back, at: 0)
                #expect(got == back.count)
                #expect(back == zeros + old.dropFirst(zeros.count))
                bytes.removeFirst(zeros.count)
                #expect(throws: StoreError.poolFull) { try write(&bytes, at: 0) }
                fixture.store.update { $0.isEnabled = false }
                #expect(throws: StoreError.disabled) { try write(&bytes, at: 0) }
            }
        }

        /// One request is shared; another thread's request is served by that thread alone, and
        /// neither gets the other's bytes.
        @Test func serversAtTheSameTime() throws {
            try withHelpers {
                let servers = try (0..<2).map { _ in try #require(fixture.store.makeWorker()) }
                defer { for worker in servers { fixture.store.removeWorker(worker) } }
                let half = Self.pageCount / 2 * Page.byteCount
                let shared = SharedCounts()
                Threads.run(count: 2) { index in
                    var random = SplitMix64(seed: UInt64(index))
                    for _ in 0..<40 {
                        var bytes = Self.pages(128, &random)
                        let start = index * half
                        let taken = try? write(&bytes, at: start, by: servers[index])
                        if taken == nil {
                            let other = try? fixture.write(
                                bytes, to: area, at: UInt64(start), by: servers[index])
                            #expect(other == bytes.count)
                        } else {
                            shared.add()
                            #expect(taken == bytes.count)
                        }
                        let back = try? fixture.read(
                            area, at: UInt64(start), count: bytes.count, by: servers[index])
                        #expect(back == bytes)
                    }
                }
                #expect(shared.count > 0)
            }
        }

        private final class SharedCounts: @unchecked Sendable {
            // Unchecked: behind its lock.
            private let lock = NSLock()
            private var value = 0
            var count: Int { lock.withLock { value } }
            func add() { lock.withLock { value += 1 } }
        }
    }
}
