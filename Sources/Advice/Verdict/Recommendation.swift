/// The choice among the settings that were tried (decision 0063).
///
///     all ── a page in within its bound, and out within its ──► allowed
///     allowed ── the most memory saved ──► best
///     allowed ── at most 1 % of the pages less than best ──► equal, as far as a sample can tell
///     equal ── the shortest time of a page in and out together ──► recommended
///
/// Law: the same settings and bounds give the same choice, whatever their order.
package struct Recommendation: Equatable, Sendable {
    /// What one setting was found to do.
    package struct Candidate: Equatable, Sendable {
        /// The driver.
        package let zpool: String
        /// The compressor with its level.
        package let compressor: String
        /// The memory.
        package let cost: MemoryCost
        /// Nanoseconds for a page out, see ``PageTrial/Outcome``.
        package let storeNanoseconds: Int
        /// Nanoseconds for a page in.
        package let loadNanoseconds: Int

        /// A candidate with these figures.
        package init(
            zpool: String, compressor: String, cost: MemoryCost, storeNanoseconds: Int,
            loadNanoseconds: Int
        ) {
            self.zpool = zpool
            self.compressor = compressor
            self.cost = cost
            self.storeNanoseconds = storeNanoseconds
            self.loadNanoseconds = loadNanoseconds
        }

        fileprivate var nanoseconds: Int { storeNanoseconds + loadNanoseconds }
        fileprivate var name: String { zpool + compressor }
    }

    /// The longest times that a setting may take.
    package struct Bounds: Equatable, Sendable {
        /// Nanoseconds for a page in.
        package let loadNanosecondsMax: Int
        /// Nanoseconds for a page out.
        package let storeNanosecondsMax: Int

        /// These bounds.
        package init(loadNanosecondsMax: Int, storeNanosecondsMax: Int) {
            self.loadNanosecondsMax = loadNanosecondsMax
            self.storeNanosecondsMax = storeNanosecondsMax
        }

        fileprivate func allow(_ candidate: Candidate) -> Bool {
            candidate.loadNanoseconds <= loadNanosecondsMax
                && candidate.storeNanoseconds <= storeNanosecondsMax
        }
    }

    /// The reason of the choice.
    package enum Reason: String, Equatable, Sendable {
        /// It saves the most within the bounds.
        case densest
        /// It saves as much as the densest to within 1 % of the pages, and is faster.
        case faster
        /// None is within the bounds, and this one has the shortest time.
        case fastest
    }

    /// Of the pages' bytes: savings that differ by less count as equal.
    private static let equalShare = 0.01

    /// The setting.
    package let choice: Candidate
    /// Why.
    package let reason: Reason
    /// The setting within the bounds that saves the most; the choice itself, unless that is
    /// ``Reason/faster``.
    package let densest: Candidate

    /// The setting to use; nil when none saves memory, or there is none.
    package init?(among candidates: [Candidate], bounds: Bounds) {
        let saving = candidates.filter { $0.cost.saved > 0 }
        let allowed = saving.filter(bounds.allow)
        guard let densest = allowed.min(by: Self.isDenser) else {
            guard let fastest = saving.min(by: Self.isFaster) else { return nil }
            (choice, reason, self.densest) = (fastest, .fastest, fastest)
            return
        }
        let least = densest.cost.savedShare - Self.equalShare
        let equal = allowed.filter { $0.cost.savedShare >= least }
        choice = equal.min(by: Self.isFaster) ?? densest
        reason = choice == densest ? .densest : .faster
        self.densest = densest
    }

    private static func isDenser(_ left: Candidate, _ right: Candidate) -> Bool {
        (-left.cost.saved, left.nanoseconds, left.name)
            < (-right.cost.saved, right.nanoseconds, right.name)
    }

    private static func isFaster(_ left: Candidate, _ right: Candidate) -> Bool {
        (left.nanoseconds, -left.cost.saved, left.name)
            < (right.nanoseconds, -right.cost.saved, right.name)
    }
}
