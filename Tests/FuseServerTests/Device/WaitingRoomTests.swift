import SwapStore
import Testing

@testable import FuseServer

extension FuseServerTests {
    /// Places for those that wait for a device, and the line of reads that found none.
    @Suite struct WaitingRoomTests {
        private static func read(_ number: UInt64) -> WaitingRoom.Read {
            WaitingRoom.Read(unique: number, inode: 1, offset: 0, byteCount: 4096, began: 0)
        }

        /// Does a read that needs the device. False: it stands in line.
        private static func perform(_ seat: WaitingSeat, _ number: UInt64) throws -> Bool {
            var isDone = false
            try seat.perform(read(number)) { () throws(Refusal) in
                guard case .wait = seat.enter() else { throw .wouldWait }
                isDone = true
            }
            return isDone
        }

        @Test func readsWithoutAPlaceStandInLine() throws {
            let room = WaitingRoom(threadCount: 4, servingCount: 2)
            let seats = (0..<4).map { _ in WaitingSeat(in: room) }
            // Two of three places are for reads, one of four threads always serves.
            #expect(try Self.perform(seats[0], 1))
            #expect(try Self.perform(seats[1], 2))
            #expect(try !Self.perform(seats[2], 3))
            #expect(try !Self.perform(seats[3], 4))
            #expect(seats.map(\.isTaken) == [true, true, false, false])
            // A request other than a read still finds a place.
            guard case .wait = seats[2].enter() else {
                Issue.record("no place")
                return
            }
            // A thread that is done takes the next read in line, then gives its place back.
            #expect(seats[2].next()?.unique == 3)
            #expect(seats[0].next()?.unique == 4)
            #expect(seats[0].next() == nil && seats[1].next() == nil && seats[2].next() == nil)
            #expect(seats.allSatisfy { !$0.isTaken })
            #expect(try Self.perform(seats[3], 5))
            #expect(seats[3].next() == nil)
        }

        @Test func aSecondPageOfARequestNeedsNoSecondPlace() throws {
            let room = WaitingRoom(threadCount: 3, servingCount: 1)
            let seats = [WaitingSeat(in: room), WaitingSeat(in: room)]
            try seats[0].perform(Self.read(1)) { () throws(Refusal) in
                for _ in 0..<3 {
                    guard case .wait = seats[0].enter() else { throw .wouldWait }
                }
            }
            #expect(try !Self.perform(seats[1], 2))
            #expect(seats[0].next()?.unique == 2)
            #expect(seats[0].next() == nil)
        }

        @Test func otherFailuresAreTheRequests() throws {
            let seat = WaitingSeat(in: WaitingRoom(threadCount: 4, servingCount: 2))
            #expect(throws: Refusal(5)) {
                try seat.perform(Self.read(1)) { () throws(Refusal) in throw Refusal(5) }
            }
            #expect(!seat.isTaken)
        }
    }
}
