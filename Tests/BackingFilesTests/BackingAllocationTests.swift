import Backing
import BackingFiles
import CallCounter
import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Serving threads read and free, and ask the heap for nothing. Refusals are not counted here: the
/// testing library itself records a backtrace, on the heap, of each error that is thrown.
@Suite(.serialized) struct BackingAllocationTests {
    @Test(.enabled(if: BuiltProgram.isOptimized, "needs an optimized build, see Docs/Hacking.md"))
    func readingAppendingAndFreeingAllocateNothing() throws {
        let file = try BackingFileTests.makeFile("allocation", byteCount: 8 << 20)
        let log = try BackingLog(on: BackingFile(opening: file.path, unlessOn: nil))
        let buffer = try BackingReadBuffer()
        let payload = LogRecords.payload(1, byteCount: 3000)
        let owner = LogRecords.owner(1)
        func round() throws(BackingError) {
            guard
                case .at(let location) = log.append(
                    payload.span.bytes, owner: owner, isCleaning: false)
            else { return }
            try log.flush()
            try log.read(location, payloadByteCount: 3000, into: buffer)
            log.free(location, payloadByteCount: 3000)
        }
        for _ in 0..<200 { try round() }
        let before = call_count(Int32(CALL_COUNT_ALLOCATIONS))
        call_counter_start()
        defer { call_counter_stop() }
        for _ in 0..<1000 { try round() }
        call_counter_stop()
        #expect(call_count(Int32(CALL_COUNT_ALLOCATIONS)) == before)
        #expect(log.statistics.readCount == 1200)
    }
}
