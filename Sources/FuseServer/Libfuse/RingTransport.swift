import Glibc
import SwapStore

/// io_uring, and /dev/fuse for what the ring does not carry.
///
/// Law: libfuse makes the ring while it answers INIT and stops it when told; threads of ours only
/// read /dev/fuse. A WRITE's payload lies in the memory of its ring entry, which the kernel fills
/// before it hands the request over and again only after the answer was committed.
final class RingTransport: Transport {
    let kind = TransportKind.ring
    private let session: Session
    private let device: DeviceTransport

    init(session: Session, device: DeviceTransport) {
        self.session = session
        self.device = device
    }

    func shakeHands() throws(MountError) {
        try Ring.withSmallStacks { () throws(MountError) in try device.shakeHands() }
    }

    func start() throws(MountError) { try device.start() }

    func join() {
        device.join()
        session.stopRing()
    }

    var isFinished: Bool { device.isFinished }
}
