import Arena
import Synchronization
import ZswapCore

/// The places of the fields in the store's record, from its first byte.
///
/// Law: ``Arena/RecordField``'s, which `StoreLayoutTests` checks. Another version's server reads
/// what this one wrote: a change that moves a field raises ``StoreRecord/layoutVersion``.
extension StoreRecord {
    /// Words of the first frame, by their place in bytes.
    enum Word: Int, CaseIterable {
        /// The version of the layout of this record and of the tables.
        case layoutVersion = 8
        /// The generation of new pages.
        case currentGeneration = 16
        /// The number of the compressor of new pages.
        case currentCompressor = 24
        /// CLOCK_MONOTONIC in ns at the second 0 of the store's clock.
        case clockBegan = 32
        /// Servers before this one.
        case serverCount = 48
        /// 0 or 1: the cell of the settings text in force.
        case settingsCell = 56
        /// Frames: the most that pools ever took.
        case poolFrameCountMax = 240
        /// Frames that compaction freed.
        case compactedFrameCount = 248
        /// The write-back budget: when its day began.
        case budgetDay = 256
        /// Blocks written in that day.
        case budgetSpent = 264
        /// Pages that were verified.
        case scrubbedPageCount = 272
        /// Pages that were found damaged.
        case damagedPageCount = 280
        /// A write-back that was asked for and is under way; 0: none.
        case writeBackJob = 288
        /// Pages that were recompressed.
        case recompressedPageCount = 296
        /// Bytes of their objects before.
        case recompressedBytesBefore = 304
        /// Bytes of their objects after.
        case recompressedBytesAfter = 312
        /// Loads of pages in the cold form. In a cache line that nothing else writes.
        case coldLoadCount = 320
        /// Pages whose cold object would not have been smaller.
        case notSmallerPageCount = 384
        /// Nanoseconds that recompressing took.
        case recompressingNanoseconds = 392
        /// A recompression that was asked for and is under way; 0: none.
        case recompressJob = 400

        var field: RecordField<UInt64> { RecordField(at: rawValue) }
    }

    enum Fields {
        /// The run of the store's counters.
        static var eventsRun: RecordField<UInt32> { RecordField(at: 0) }
        /// Runs of the payload tally, each for eight generations; 0: not yet. From a cache line's
        /// start on, since one is read for each page.
        static var payloadRuns: RecordCells {
            RecordCells(at: 64, byteCount: 4, count: Limits.poolsMax / 8, alignment: 64)
        }
        /// Times of the root directory, by ``RootTime``: seconds and nanoseconds.
        static var rootTimes: RecordCells {
            RecordCells(
                at: 192, byteCount: 16, count: RootTime.allCases.count, alignment: 16)
        }
        /// The kernel's first request: a text.
        static var handshake: RecordCells { RecordCells(at: 512, byteCount: 512) }
        /// Runs of open handles; 0 ends them.
        static var handleRuns: RecordCells {
            RecordCells(at: 1024, byteCount: 4, count: 256, alignment: 4)
        }
        /// Compressors by number: a ``NamedCell`` each, with the level.
        static var compressors: RecordCells {
            RecordCells(at: 2048, byteCount: NamedCell.byteCount, count: Limits.compressorsMax)
        }
        /// Drivers by generation: a ``NamedCell`` each, with the chain length. Without a name: the
        /// generation has no pool.
        static var pools: RecordCells {
            RecordCells(
                at: Page.byteCount, byteCount: NamedCell.byteCount, count: Limits.poolsMax)
        }
        /// Two settings texts, of which one is in force.
        static var settings: RecordCells {
            RecordCells(at: 5 * Page.byteCount, byteCount: 4 * Page.byteCount, count: 2)
        }

        static var layout: RecordLayout {
            RecordLayout(
                byteCount: frameCount * Page.byteCount,
                spans: [
                    eventsRun.span, payloadRuns.span, rootTimes.span, handshake.span,
                    handleRuns.span, compressors.span, pools.span, settings.span,
                ] + Word.allCases.map(\.field.span))
        }
    }

    /// A name and a number that goes with it.
    enum NamedCell {
        static let byteCount = 64
        /// A text.
        static var name: RecordCells { RecordCells(at: 0, byteCount: 56) }
        static var number: RecordField<UInt64> { RecordField(at: 56) }

        static var layout: RecordLayout {
            RecordLayout(byteCount: byteCount, spans: [name.span, number.span])
        }
    }
}

/// The store's fields in the user's part of the superblock.
enum UserBlock {
    /// Runs of area records, each for the next ``AreaRecords/perRun`` slots; 0: none.
    static var areaRecordRuns: RecordCells {
        RecordCells(
            at: 0, byteCount: 8, count: Limits.areasMax / AreaRecords.perRun)
    }
    /// The run of the store's record.
    static var storeRecordRun: RecordField<UInt64> { RecordField(at: 2048) }

    static var layout: RecordLayout {
        RecordLayout(
            byteCount: Arena.userBlockByteCount,
            spans: [areaRecordRuns.span, storeRecordRun.span])
    }

    /// The field that names the run of the records of these slots.
    static func areaRecordRun(_ index: Int) -> ArenaOffset {
        Arena.userBlock + areaRecordRuns.offset(of: index)
    }
}
