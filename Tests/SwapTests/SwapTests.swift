import LinuxSystem
import TestSupport
import Testing

/// Everything about swap areas as devices. Serialized: the machine has one list of loop devices.
@Suite(.serialized) struct SwapTests {}
