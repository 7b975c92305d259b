package import Maintenance
internal import SwapStore

extension TestStore {
    /// Takes steps until there is nothing to do, nothing that can be done, or `stepCountMax` were
    /// taken; returns how the last one ended.
    @discardableResult
    package func migrate(
        _ sweep: inout MigrationSweep, stepCountMax: Int = 1_000_000
    ) -> MigrationStep {
        take(stepCountMax, while: .worked) { maintenance.migration.step(&sweep, by: worker) }
    }

    /// Takes steps while they end as `worked`; returns how the last one ended.
    func take<Step: Equatable>(
        _ stepCountMax: Int, while worked: Step, _ step: () -> Step
    ) -> Step {
        for _ in 0..<stepCountMax {
            let end = step()
            guard end == worked else { return end }
        }
        return worked
    }

    /// Asks for pages to be moved, and moves them.
    @discardableResult
    package func migrateNow() -> MigrationStep {
        maintenance.setMigration(.now)
        var sweep = MigrationSweep()
        return migrate(&sweep)
    }

    /// Lets drained pools go.
    public func releaseDrained() {
        while store.releaseDrained(),
            store.pools.contains(where: { !$0.isCurrent && $0.byteCount == 0 })
        {}
        store.releaseDrained()
    }
}
