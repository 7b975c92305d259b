import PoolTesting
import Synchronization
import TestSupport
import Testing

@testable import SwapStore

/// The state machine of a place that may be full: every order of a few steps, against a model that
/// keeps the facts apart.
@Suite struct RoomTests {
    /// A step of a store, of a thread that found room, or of the thread that makes room.
    enum Step: CaseIterable {
        case ask, reopen, take, settleOpen, settleAsked, settleHopeless, stall

        /// The result of the step, where it is the thread's look at its end.
        var found: Room.State? {
            switch self {
            case .settleOpen: .open
            case .settleAsked: .asked
            case .settleHopeless: .hopeless
            case .ask, .reopen, .take, .stall: nil
            }
        }
    }

    /// Facts about one place, each kept by itself.
    struct Model {
        var isRequested = false
        var isLooking = false
        var mayNothingLeave = false
        var hasStall = false

        /// Returns what `take` has to return; nil for every other step.
        mutating func perform(_ step: Step) -> Bool? {
            switch step {
            case .ask: isRequested = isRequested || !mayNothingLeave
            case .reopen: (isRequested, isLooking, mayNothingLeave) = (false, false, false)
            case .stall: hasStall = true
            case .take:
                let wasRequested = isRequested
                (isRequested, isLooking, mayNothingLeave) = (false, wasRequested, false)
                return wasRequested
            case .settleOpen, .settleAsked, .settleHopeless: settle(step.found)
            }
            return nil
        }

        private mutating func settle(_ found: Room.State?) {
            guard isLooking else { return }
            isLooking = false
            guard !isRequested else { return }
            isRequested = found == .asked
            mayNothingLeave = found == .hopeless
        }
    }

    private static let progress: UInt32 = 7

    private static func perform(_ step: Step, on room: borrowing Room) -> Bool? {
        switch step {
        case .ask: room.ask()
        case .reopen: room.reopen()
        case .take: return room.take()
        case .stall: room.noteStall(at: progress)
        case .settleOpen, .settleAsked, .settleHopeless: step.found.map { room.settle($0) }
        }
        return nil
    }

    /// All orders of six steps: 7^6 of them.
    @Test func everyOrderOfStepsGivesTheModelsState() {
        let steps = Step.allCases
        let length = 6
        var failures: [String] = []
        for number in 0..<(0..<length).reduce(1, { product, _ in product * steps.count }) {
            let room = Room()
            var model = Model()
            var (rest, done) = (number, [Step]())
            for _ in 0..<length {
                let step = steps[rest % steps.count]
                rest /= steps.count
                done.append(step)
                let (taken, expected) = (Self.perform(step, on: room), model.perform(step))
                let isRight =
                    taken == expected && room.isAsked == model.isRequested
                    && room.isHopeless == model.mayNothingLeave
                    && room.isStalled(at: Self.progress) == model.hasStall
                if !isRight { failures.append("\(done): \(room.state), \(model)") }
            }
        }
        #expect(failures.isEmpty, "\(failures.prefix(3))")
    }

    @Test func aStallEndsWithProgress() {
        let room = Room()
        for progress in [0, 1, 7, UInt32.max - 1, .max] as [UInt32] {
            let before = room.isStalled(at: progress)
            room.noteStall(at: progress)
            let after = room.isStalled(at: progress)
            let later = room.isStalled(at: progress &+ 1)
            #expect(!before && after && !later, "\(progress)")
        }
    }

    /// Requests from two threads, stalls from both, and a third that takes and settles: a request
    /// that no look has seen begin stays.
    @Test func requestsOfSeveralThreadsStay() {
        let place = Place()
        let count = 20_000
        Threads.run(count: 3) { number in
            guard number > 0 else {
                while place.doneCount.load(ordering: .acquiring) < 2 {
                    if place.room.take() { place.look() }
                }
                return
            }
            for step in 0..<count {
                place.requestCount.add(1, ordering: .acquiringAndReleasing)
                place.room.ask()
                if step % 7 == 0 { place.room.noteStall(at: UInt32(step)) }
            }
            place.doneCount.add(1, ordering: .acquiringAndReleasing)
        }
        if place.room.take() { place.look() }
        let (requested, seen) = (
            place.requestCount.load(ordering: .relaxed), place.seenCount.load(ordering: .relaxed)
        )
        #expect(requested == 2 * count && seen == requested)
    }

    /// A place, and the number of requests that the last look knew of.
    private final class Place: Sendable {
        let room = Room()
        let requestCount = Atomic<Int>(0)
        let seenCount = Atomic<Int>(0)
        let doneCount = Atomic<Int>(0)

        func look() {
            seenCount.store(requestCount.load(ordering: .acquiring), ordering: .releasing)
            room.settle(.open)
        }
    }
}
