package import Maintenance

extension TestStore {
    /// Takes steps to the end of a pass, or until nothing is asked for; returns what was found.
    @discardableResult
    package func scrub(_ walk: inout ScrubWalk) -> [DamagedPage] {
        var found: [DamagedPage] = []
        while case .worked(_, _, let damagedPages) = maintenance.scrub.step(&walk, by: worker) {
            found += damagedPages
        }
        return found
    }

    /// A whole pass.
    @discardableResult
    package func scrubOnce() -> [DamagedPage] {
        var walk = ScrubWalk()
        return scrub(&walk)
    }
}
