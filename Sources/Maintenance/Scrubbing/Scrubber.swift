import SwapStore
import Threads

/// The thread that verifies stored pages, at the pace that `params/scrub` says, and once after a
/// take-over.
///
///     sleeps ── params/scrub ──► a few pages, rest, a few pages, … ─► end of the pass, rest ─► …
///
/// Law: it serves no request, and where it rests it holds nothing. Its step takes at most a fifth
/// of the time. It is not given a low priority: a thread that holds an area and gets no processor
/// would hold up its removal for long.
/// Price: a thread and a worker, asleep unless pages are to be verified.
final class Scrubber: WokenThread {
    private static let passNanoseconds: Int64 = 1_000_000_000
    private static let endless: Int64 = -1
    /// Damaged pages of a pass that the log names; of others it says how many there are.
    static let namedPageCountMax = 32

    let thread: BackgroundThread
    let attachment: ThreadAttachment

    /// Creates the thread. `onDamage` gets a message for each damaged page. Nil when there is no
    /// place for another worker.
    init?(of scrub: Scrub, onDamage: @escaping @Sendable (String) -> Void) {
        let own = BackgroundThread(name: "zswapfs-scrub", of: scrub.store) { thread, worker in
            Self.run(scrub, worker, thread, onDamage)
        }
        guard let own else { return nil }
        attachment = scrub.control.attachment
        thread = own
    }

    private static func run(
        _ scrub: Scrub, _ worker: StoreWorker, _ thread: BackgroundThread,
        _ onDamage: (String) -> Void
    ) {
        var walk = ScrubWalk()
        var pace = ScrubPace()
        var log = ScrubLog()
        while !thread.isStopping {
            let begin = MonotonicClock.nanoseconds
            switch scrub.step(&walk, by: worker) {
            case .idle:
                log.end(onDamage)
                thread.rest(nanoseconds: endless) { scrub.pagesPerSecond > 0 }
            case .endOfPass:
                log.end(onDamage)
                rest(until: MonotonicClock.nanoseconds + passNanoseconds, thread)
            case .worked(let pageCount, let pagesPerSecond, let damagedPages):
                log.note(damagedPages, onDamage)
                let due = pace.note(
                    pageCount: pageCount, pagesPerSecond: pagesPerSecond, from: begin,
                    to: MonotonicClock.nanoseconds)
                rest(until: due, thread)
            }
        }
    }

    /// Rests until `due`; only the thread's end ends it before.
    private static func rest(until due: Int64, _ thread: BackgroundThread) {
        while !thread.isStopping, case let left = due - MonotonicClock.nanoseconds, left > 0 {
            thread.rest(nanoseconds: left)
        }
    }
}

/// Logs the damaged pages of a pass: a line for each of the first ones, and the number of the
/// others.
struct ScrubLog {
    private var damagedPageCount = 0

    /// Logs damaged pages that a step found.
    mutating func note(_ pages: [DamagedPage], _ tell: (String) -> Void) {
        for page in pages {
            damagedPageCount += 1
            if damagedPageCount <= Scrubber.namedPageCountMax { tell(page.message) }
        }
    }

    /// The pass has ended.
    mutating func end(_ tell: (String) -> Void) {
        let unnamedCount = damagedPageCount - Scrubber.namedPageCountMax
        if unnamedCount > 0 { tell("\(unnamedCount) more pages are damaged") }
        damagedPageCount = 0
    }
}
