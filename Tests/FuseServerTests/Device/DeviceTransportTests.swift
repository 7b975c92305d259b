import LinuxSystem
import TestSupport
import Testing

@testable import FuseServer

extension FuseServerTests {
    /// Threads that read /dev/fuse, when they end.
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount, "needs root and /dev/fuse to mount"))
    struct DeviceTransportTests {
        /// Unmounting closes the descriptor before the kernel ends the connection. A thread that
        /// reads it then must end, or the thread that takes the mount down waits for ever.
        @Test func threadsEndWhenTheSessionClosesItsDescriptor() throws {
            let rig = try OperationsFixture()
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let session = try Session(operations: rig.operations, options: MountOptions())
            try session.mount(at: path)
            session.unmount()
            let transport = DeviceTransport(
                session: session, workers: [rig.worker],
                waitingRoom: WaitingRoom(threadCount: 1, servingCount: 1),
                control: ControlThreads(session: session, workers: []),
                roomThread: RoomThread(session: session, worker: rig.worker), onLastEnd: {})
            try transport.start()
            let haveEnded = Patience.wait(milliseconds: 10_000) { transport.isFinished }
            #expect(haveEnded)
            if haveEnded { transport.join() }
        }
    }
}
