import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// The notifications and the questions of a store to its observer.
@Suite struct StoreObserverTests {
    /// Writes down what it is told; takes backing stores, or does not.
    private final class Recorder: StoreObserver {
        private let told = Mutex<[String]>([])
        private let takesBackings: Bool

        init(takesBackings: Bool = true) { self.takesBackings = takesBackings }

        func newPagesChanged() { told.withLock { $0.append("pages") } }
        func tunablesChanged() { told.withLock { $0.append("tunables") } }
        func prepareBacking() -> Bool {
            told.withLock { $0.append("backing") }
            return takesBackings
        }

        /// The notifications since the last call.
        func take() -> [String] {
            told.withLock { told in
                defer { told = [] }
                return told
            }
        }
    }

    @Test func changesAreToldOnce() throws {
        let fixture = try TestStore(compressors: .withTestCompressors())
        let store = fixture.store
        _ = try fixture.makeArea()
        let recorder = Recorder()
        store.observe(by: recorder)
        try store.setZpool("zbud")
        #expect(recorder.take() == ["pages"])
        try store.setCompressor("lz4hc")
        #expect(recorder.take() == ["pages"])
        try store.updateSettings(ofAreaNamed: "area") { $0.compressor = "inverted" }
        #expect(recorder.take() == ["pages"])
        store.update { $0.scrubPagesPerSecond = 7 }
        #expect(recorder.take() == ["tunables"])
        try store.setBacking(FaultyBacking(byteCount: 8 << 20))
        #expect(recorder.take() == ["backing"])
        // What leaves new pages as they were.
        try store.setZpool("zbud")
        try store.setCompressor("lz4hc", level: 5)
        try store.updateSettings(ofAreaNamed: "area") { $0.byteCountMax = 1 << 30 }
        try store.setBacking(path: nil)
        #expect(recorder.take() == [])
    }

    /// Without memory to write with there is no backing store, and nothing has changed.
    @Test func aBackingStoreMayBeRefused() throws {
        let fixture = try TestStore()
        let recorder = Recorder(takesBackings: false)
        fixture.store.observe(by: recorder)
        #expect(throws: SettingError.outOfMemory) {
            try fixture.store.setBacking(FaultyBacking(byteCount: 8 << 20))
        }
        #expect(fixture.store.backingPath == nil && fixture.store.backings.isEmpty)
    }

    /// The store keeps no observer alive, and needs none.
    @Test func anObserverThatWentIsNotTold() throws {
        let fixture = try TestStore()
        weak var gone: Recorder?
        do {
            let recorder = Recorder()
            gone = recorder
            fixture.store.observe(by: recorder)
        }
        #expect(gone == nil)
        try fixture.store.setZpool("zbud")
        try fixture.store.setBacking(FaultyBacking(byteCount: 8 << 20))
        #expect(fixture.store.backings.count == 1)
    }

    /// A backing store stays as long as it is held, by however many.
    @Test func aHeldBackingStoreStays() throws {
        let fixture = try TestStore()
        let store = fixture.store
        try store.setBacking(FaultyBacking(byteCount: 8 << 20))
        let (log, number) = try #require(store.holdCurrentBacking())
        #expect(store.holdBacking(number) === log)
        try store.setBacking(path: nil)
        for holdCount in [2, 1] {
            for _ in 0..<3 { store.releaseDrained() }
            #expect(store.backings.count == 1, "held \(holdCount) times")
            store.letGoOfBacking(number)
        }
        while store.releaseDrained() {}
        #expect(store.backings.isEmpty)
        #expect(store.holdBacking(number) == nil && store.holdCurrentBacking() == nil)
        #expect(store.holdBacking(255) == nil, "no number that an entry has is out of range")
    }
}
