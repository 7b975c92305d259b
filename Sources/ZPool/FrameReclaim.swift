/// How drivers that reclaim frame by frame go about it, with the kernel's limits and errors.
///
///     shrink(3):   frame  -> freed | stays | stays | freed         up to eight rounds a frame
///
/// Law: it ends at the first frame that could not be had, and what was reclaimed before counts.
enum FrameReclaim {
    /// What came of one frame.
    enum Round { case nothingToTry, stays, freed }

    /// Rounds before a frame is given up.
    private static let roundCount = 8

    /// Frees `pageCount` frames; `round` tries one. `invalidArgument` when there was nothing to
    /// try, `tryAgain` when no round freed one.
    static func shrink(pageCount: Int, _ round: () -> Round) -> ShrinkResult {
        for reclaimed in 0..<pageCount {
            if let error = reclaimFrame(round) {
                return ShrinkResult(reclaimedPageCount: reclaimed, error: error)
            }
        }
        return ShrinkResult(reclaimedPageCount: pageCount, error: nil)
    }

    private static func reclaimFrame(_ round: () -> Round) -> ZpoolError? {
        for number in 0..<roundCount {
            switch round() {
            case .freed: return nil
            case .stays: continue
            case .nothingToTry: return number == 0 ? .invalidArgument : .tryAgain
            }
        }
        return .tryAgain
    }
}
