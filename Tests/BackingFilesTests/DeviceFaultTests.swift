import CLinux
import Testing

@testable import Backing

/// The log's own table of errors against the C library's.
@Suite struct DeviceFaultTests {
    @Test func numbersHaveTheNamesOfTheCLibrary() throws {
        for (number, fault) in DeviceFault.known {
            let name = String(cString: try #require(clinux_error_name(number)))
            #expect(fault.name == name)
        }
    }

    @Test func anErrorIsToldWithItsMeaning() {
        let text = BackingError.failed(errno: 28).message(for: "/disk")
        #expect(text == "/disk: no space left on the device (ENOSPC)")
        let other = BackingError.failed(errno: 4000).message(for: "/disk")
        #expect(other == "/disk: error number 4000")
    }
}
