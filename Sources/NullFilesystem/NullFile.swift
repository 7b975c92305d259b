import ZswapCore

/// The one file of the null filesystem: memory that is read and written as it is.
final class NullFile: @unchecked Sendable {  // readers and writers of a page order themselves
    let memory: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        memory = .allocate(byteCount: byteCount, alignment: Page.byteCount)
    }

    deinit { memory.deallocate() }
}
