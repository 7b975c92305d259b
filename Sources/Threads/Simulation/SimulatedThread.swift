#if DEBUG || INTERNAL_CHECKS
/// A thread of a simulation, as the code under test knows it. One of a simulation's threads runs at
/// a time; each call may let others run, and returns when it is this thread's turn again.
public protocol SimulatedThread: AnyObject, Sendable {
    /// The simulation's time.
    var nanoseconds: Int64 { get }
    /// The thread is at such a place.
    func reach(_ point: SchedulingPoint)
    /// The lock that the thread wants is held: returns after a lock was released.
    func waitForUnlock()
    /// The thread has released a lock.
    func noteUnlock()
    /// Sleeps until the word at this address is woken, at most this long; a negative time has no
    /// end.
    func sleep(on address: UInt, nanoseconds: Int64)
    /// Wakes all threads that sleep on the word at this address.
    func wake(_ address: UInt)
    /// A thread that this one is about to start.
    func makeThread(name: String) -> any SimulatedThread
    /// The first call by a new thread: returns when it is its turn.
    func begin()
    /// The last call by a thread that was started.
    func end()
    /// Returns when the other thread has ended.
    func join(_ other: any SimulatedThread)
}
#endif
