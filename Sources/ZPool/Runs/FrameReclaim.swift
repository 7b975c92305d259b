import ZswapCore

/// The drivers' common reclaim loop, with the kernel's limits and errors: round by round, the
/// oldest frames first.
///
///     shrink(10):  freed 8 | stays | stays | freed 8             16 reclaimed
///     shrink(10):  freed 8 | stays | ... | stays                  8 reclaimed, tryAgain
///
/// Law: it ends when eight rounds in a row freed nothing; the frames reclaimed before count. A
/// frame that stays is tried last the next time.
enum FrameReclaim {
    /// The result of one round.
    enum Round {
        /// The pool has nothing that could be tried.
        case nothingToTry
        /// The oldest frame, or zspage, was tried and stays.
        case stays
        /// `frameCount` frames were given back.
        case freed(frameCount: Int)
    }

    /// Rounds in a row without a freed frame before `shrink` gives up.
    private static let roundCount = 8

    /// Frees at least `pageCount` frames; `round` tries the oldest. `tryAgain` when eight rounds in
    /// a row freed nothing, or when nothing is left to try after a round that freed nothing.
    /// `invalidArgument` when nothing is left to try otherwise.
    static func shrink(pageCount: Int, _ round: () -> Round) -> ShrinkResult {
        invariant(pageCount > 0)
        var reclaimed = 0
        var stayed = 0
        func ended(_ error: ZpoolError?) -> ShrinkResult {
            ShrinkResult(reclaimedPageCount: reclaimed, error: error)
        }
        while reclaimed < pageCount {
            switch round() {
            case .freed(let frameCount):
                invariant(frameCount > 0, "a round that frees nothing would never end")
                reclaimed += frameCount
                stayed = 0
            case .stays:
                stayed += 1
                guard stayed < roundCount else { return ended(.tryAgain) }
            case .nothingToTry:
                return ended(stayed == 0 ? .invalidArgument : .tryAgain)
            }
        }
        return ended(nil)
    }
}
