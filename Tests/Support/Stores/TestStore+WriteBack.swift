package import Maintenance
package import SwapStore

extension TestStore {
    /// The work of the thread that writes back, to be done turn by turn.
    package func makeWriteBackWork(by other: StoreWorker? = nil) throws -> WriteBackWork {
        guard let worker = other ?? store.makeWorker() else { throw TestStoreError.noWorker }
        return WriteBackWork(
            of: store, maintenance.writeBack, by: worker, onTrouble: { _ in })
    }
}
