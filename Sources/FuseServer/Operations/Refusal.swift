public import ControlTree
import Glibc
import SwapStore

/// The errno of an operation that is refused. The only file that maps errors to errnos.
struct Refusal: Error, Equatable {
    let errno: CInt
    /// There is no room now, and the thread may not wait for some: the bytes of the write that are
    /// done, nil when that is not the reason.
    private(set) var byteCountBeforeRoom: Int?

    /// The request has to be done again, by a thread that may wait.
    static let wouldWait = Refusal(StoreError.wouldWait)

    init(_ errno: CInt) { self.errno = errno }

    init(_ error: StoreError) {
        switch error {
        case .disabled: errno = EROFS
        case .sameFilledOnly, .poolFull, .outOfMemory, .tooManyAreas: errno = ENOSPC
        case .corrupted, .backingFailed: errno = EIO
        // Not sent to the kernel: the request is done again.
        case .wouldWait: errno = EAGAIN
        case .wouldWaitForRoom(let takenByteCount):
            errno = EAGAIN
            byteCountBeforeRoom = takenByteCount
        case .tooManyOpenFiles: errno = ENFILE
        case .tooLarge: errno = EFBIG
        case .notFound: errno = ENOENT
        case .alreadyExists: errno = EEXIST
        case .invalidName: errno = EINVAL
        case .nameTooLong: errno = ENAMETOOLONG
        case .noSuchOffset: errno = ENXIO
        }
    }

    init(_ error: ControlError) {
        switch error.kind {
        case .notFound, .unknownName, .noSuchPath: errno = ENOENT
        case .invalidValue, .outOfRange: errno = EINVAL
        case .notReadable, .notWritable, .notPermitted: errno = EACCES
        case .busy: errno = EBUSY
        case .noMemory: errno = ENOMEM
        case .noDevice: errno = ENODEV
        case .deviceFailed: errno = EIO
        case .deviceFull: errno = ENOSPC
        }
    }
}

extension FuseServer {
    /// The errno of an error of a control file, for callers that report it in another way than
    /// through the filesystem.
    public static func errno(of error: ControlError) -> CInt { Refusal(error).errno }
}
