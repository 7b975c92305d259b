import LinuxSystem
import TestSupport
import Testing

@testable import ZswapfsCommand

/// Everything about swap areas as devices. Serialized: the machine has one list of loop devices.
@Suite(.serialized) struct SwapTests {
    /// Ends a test's swap on a file if it is still on. Tried again where it fails: a process in a
    /// full memory group may have swapped to it meanwhile.
    static func end(_ file: TemporaryFile, _ location: SourceLocation = #_sourceLocation) {
        var failure: (any Error)?
        let isOff = Patience.wait(milliseconds: 10_000) {
            guard SwapHost.attachedTestFiles().contains(file.path) else { return true }
            do { try SwapDevice.turnOff(path: file.path) } catch { failure = error }
            return false
        }
        if !isOff { Issue.record("stays on: \(failure as Any)", sourceLocation: location) }
    }
}
