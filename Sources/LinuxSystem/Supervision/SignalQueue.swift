import Glibc

/// The signals that ``SignalGate`` holds back, for a loop that waits for descriptors as well.
public final class SignalQueue {
    /// Readable while one of them waits; -1 where the kernel refuses a descriptor.
    public let descriptor: CInt

    /// Closes the gate.
    public init() {
        SignalGate.close()
        descriptor = SignalGate.openDescriptor()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Hands each waiting signal that asks to stop to `body`, by its number.
    public func drain(_ body: (CInt) -> Void) {
        while let number = SignalGate.takeWaiting() {
            if number != SIGUSR1 { body(number) }
        }
    }
}
