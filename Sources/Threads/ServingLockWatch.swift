import Glibc

#if INTERNAL_CHECKS
/// The library that watches, if there is one.
@usableFromInline enum ServingLockWatch {
    @usableFromInline typealias Call = @convention(c) () -> Void

    /// Looked up together and before a lock is held: looking allocates.
    @usableFromInline static let calls = (
        taken: find("call_counter_lock_taken"), left: find("call_counter_lock_left")
    )

    private static func find(_ name: String) -> Call? {
        guard let address = dlsym(nil, name) else { return nil }
        return unsafeBitCast(address, to: Call.self)
    }
}
#endif
