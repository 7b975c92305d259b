import CFuse
import Foundation
import LinuxSystem
import Synchronization
import TestSupport
import Testing

@testable import FuseServer

extension FuseServerTests {
    /// Requests on their way to the control threads.
    @Suite(.timeLimit(.minutes(10))) struct ControlQueueTests {
        private static let headerByteCount = MemoryLayout<fuse_in_header>.size

        /// A request of `byteCount` bytes, told apart by its number.
        private static func bytes(_ number: UInt64, _ byteCount: Int) -> [UInt8] {
            var random = SplitMix64(seed: number)
            var bytes = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            var header = fuse_in_header()
            header.len = UInt32(byteCount)
            header.unique = number
            withUnsafeBytes(of: &header) { bytes.replaceSubrange(0..<$0.count, with: $0) }
            return bytes
        }

        private static func put(_ bytes: [UInt8], into queue: ControlQueue) -> Bool {
            var bytes = bytes
            return bytes.withUnsafeMutableBytes { queue.put(RawRequest($0)) }
        }

        private static func take(from queue: ControlQueue) -> [UInt8]? {
            var room = [UInt8](repeating: 0, count: ControlQueue.requestByteCountMax)
            let count = room.withUnsafeMutableBytes { queue.take(into: $0) }
            return count.map { Array(room[..<$0]) }
        }

        /// Of all lengths, many times around, with one to many of them inside.
        @Test func whatIsPutInComesOutInOrder() {
            let queue = ControlQueue()
            var random = SplitMix64(seed: 7)
            var inside: [[UInt8]] = []
            var number: UInt64 = 0
            for round in 0..<200 {
                for _ in 0..<1 + random.next() % 40 {
                    let longest = ControlQueue.requestByteCountMax - Self.headerByteCount
                    let bound = random.next() % 4 == 0 ? longest : 300
                    let request = Self.bytes(
                        number, Self.headerByteCount + Int(random.next() % UInt64(bound + 1)))
                    number += 1
                    guard Self.put(request, into: queue) else { break }
                    inside.append(request)
                }
                let kept = round % 3 == 0 ? 0 : Int(random.next() % 20)
                while inside.count > kept {
                    #expect(Self.take(from: queue) == inside.removeFirst())
                }
            }
        }

        @Test func whatDoesNotFitIsLeftToTheCaller() {
            let queue = ControlQueue()
            let longest = ControlQueue.requestByteCountMax
            #expect(!Self.put(Self.bytes(0, longest + 1), into: queue))
            var count: UInt64 = 0
            while count < 1000, Self.put(Self.bytes(count, longest), into: queue) { count += 1 }
            #expect((8..<17).contains(count))
            for number in 0..<count {
                #expect(Self.take(from: queue) == Self.bytes(number, longest))
            }
            #expect(Self.put(Self.bytes(count, longest), into: queue))
            #expect(Self.take(from: queue) == Self.bytes(count, longest))
        }

        @Test func closedItHoldsNobody() {
            let queue = ControlQueue()
            let ended = EndCount()
            for _ in 0..<3 {
                Thread.detachNewThread {
                    if Self.take(from: queue) == nil { ended.add() }
                }
            }
            queue.close(takerCount: 3)
            #expect(Patience.wait(milliseconds: 10_000) { ended.value == 3 })
            #expect(!Self.put(Self.bytes(1, 100), into: queue))
        }

        private final class EndCount: Sendable {
            private let count = Mutex(0)
            var value: Int { count.withLock { $0 } }
            func add() { count.withLock { $0 += 1 } }
        }
    }
}
