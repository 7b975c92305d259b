import Synchronization
import ZPool
import ZswapCore

/// A pool's user that answers evictions as a test says, refuses them without a script, and moves
/// nothing.
final class ScriptedUser: PoolUser {
    typealias Script = @Sendable (PoolHandle, ObjectOwner) -> Bool
    private let answer = Mutex<Script?>(nil)

    func script(_ script: Script?) { answer.withLock { $0 = script } }

    func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool {
        answer.withLock { $0 }?(handle, owner) ?? false
    }
    func move(owner: ObjectOwner, from old: PoolHandle, to new: PoolHandle) -> Bool { false }
}
