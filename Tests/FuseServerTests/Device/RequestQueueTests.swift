import CFuse
import Foundation
import LinuxSystem
import Synchronization
import TestSupport
import Testing

@testable import FuseServer

extension FuseServerTests {
    /// Requests on their way to other threads.
    @Suite(.timeLimit(.minutes(10))) struct RequestQueueTests {
        private static let requestByteCountMax = 64 << 10
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

        private static func makeQueue() -> RequestQueue {
            RequestQueue(byteCount: 1 << 20, requestByteCountMax: requestByteCountMax)
        }

        /// Any number that goes with a request.
        private static func doneByteCount(of bytes: [UInt8]) -> Int {
            Int(bytes[bytes.count - 1]) % bytes.count
        }

        /// Another one; of some requests it is not noted.
        private static func began(of done: Int) -> Int64? { done == 0 ? nil : Int64(done) << 40 }

        private static func put(_ bytes: [UInt8], into queue: RequestQueue) -> Bool {
            var bytes = bytes
            let done = doneByteCount(of: bytes)
            return bytes.withUnsafeMutableBytes {
                queue.put(RawRequest($0), doneByteCount: done, began: began(of: done))
            }
        }

        private static func take(from queue: RequestQueue) -> [UInt8]? {
            var room = [UInt8](repeating: 0, count: requestByteCountMax)
            guard let taken = room.withUnsafeMutableBytes({ queue.take(into: $0) }) else {
                return nil
            }
            let bytes = Array(room[..<taken.byteCount])
            #expect(taken.doneByteCount == doneByteCount(of: bytes))
            #expect(taken.began == began(of: taken.doneByteCount))
            return bytes
        }

        /// Of all lengths, many times around, with one to many of them inside.
        @Test func whatIsPutInComesOutInOrder() {
            let queue = Self.makeQueue()
            var random = SplitMix64(seed: 7)
            var inside: [[UInt8]] = []
            var number: UInt64 = 0
            for round in 0..<200 {
                for _ in 0..<1 + random.next() % 40 {
                    let longest = Self.requestByteCountMax - Self.headerByteCount
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
            let queue = Self.makeQueue()
            let longest = Self.requestByteCountMax
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
            let queue = Self.makeQueue()
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
