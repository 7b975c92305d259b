import CFuse
import Glibc
import ZswapCore

/// The memory in which a serving thread receives requests and builds the data of its answers.
///
///     | 4016 bytes unused | in_header 40, write_in 40 | payload: up to 1 MiB | reply data 1 MiB |
///
/// Laws:
/// - The payload of a WRITE starts at a page border, so the kernel copies one page a step.
/// - Its bytes are the request's alone: the kernel has copied them from the writing program when
///   read(2) returns, and the next request is received after this one's answer. Helpers only read.
///   So a page that is compressed from here does not change.
/// Price: 2 MiB and two pages for each thread, from one mapping that is written to before serving.
final class RequestBuffer {
    /// What comes before the data of a WRITE.
    static let headByteCount =
        MemoryLayout<fuse_in_header>.size + MemoryLayout<fuse_write_in>.size
    static let byteCount = 2 * Session.requestByteCountMax + 2 * Page.byteCount

    private let memory: UnsafeMutableRawBufferPointer

    init() {
        memory = .allocate(byteCount: Self.byteCount, alignment: Page.byteCount)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { memory.deallocate() }

    /// The buffer for read data, 1 MiB.
    var reply: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            rebasing: memory[(Session.requestByteCountMax + 2 * Page.byteCount)...])
    }

    /// The result of waiting for a request.
    enum Received {
        case request(UnsafeMutableRawBufferPointer)
        /// Nothing waits, and neither does the descriptor.
        case nothing
        /// The mount is gone: nothing will come any more.
        case gone
        /// Reading failed with an errno that says nothing of the mount.
        case failed(CInt)
    }

    /// Waits for a request.
    func receive(from descriptor: CInt) -> Received {
        let start = Page.byteCount - Self.headByteCount
        let room = UnsafeMutableRawBufferPointer(
            rebasing: memory[start..<(Session.requestByteCountMax + 2 * Page.byteCount)])
        while true {
            let count = Glibc.read(descriptor, room.baseAddress, room.count)
            if count >= MemoryLayout<fuse_in_header>.size {
                return .request(UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
            }
            guard count < 0 else { return .failed(EIO) }
            switch errno {
            // ENOENT: the request was interrupted before we could read it.
            case EINTR, ENOENT: continue
            case EAGAIN: return .nothing
            case ENODEV, ECONNABORTED: return .gone
            default: return .failed(errno)
            }
        }
    }
}
