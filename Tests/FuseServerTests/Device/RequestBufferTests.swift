import Glibc
import Testing

@testable import FuseServer

extension FuseServerTests {
    /// The meanings of results of reading /dev/fuse; a pipe stands for the device.
    @Suite struct RequestBufferTests {
        @Test func aRequestIsItsBytes() throws {
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            defer { ends.forEach { close($0) } }
            let bytes = [UInt8](repeating: 7, count: 56)
            #expect(write(ends[1], bytes, bytes.count) == 56)
            let buffer = RequestBuffer()
            // The request lies in it.
            withExtendedLifetime(buffer) {
                guard case .request(let request) = buffer.receive(from: ends[0]) else {
                    Issue.record("no request")
                    return
                }
                #expect(Array(request) == bytes)
            }
        }

        /// Neither is the end of the mount: the thread tries again.
        @Test func anUnexpectedErrorIsToldAndIsNotTheEnd() throws {
            let directory = open("/", O_RDONLY | O_DIRECTORY)
            try #require(directory >= 0)
            guard case .failed(EISDIR) = RequestBuffer().receive(from: directory) else {
                Issue.record("not told")
                return
            }
            close(directory)
            guard case .failed(EBADF) = RequestBuffer().receive(from: 1 << 24) else {
                Issue.record("not told")
                return
            }
            let empty = open("/dev/null", O_RDONLY)
            defer { close(empty) }
            guard case .failed(EIO) = RequestBuffer().receive(from: empty) else {
                Issue.record("not told")
                return
            }
        }
    }
}
