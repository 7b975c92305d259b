/// The meaning of error numbers of a disk, or of its filesystem. The texts are the log's own, since
/// the log calls no C library. The numbers and names are Linux's, on every processor that this runs
/// on.
///
///     EIO 5, ENOSPC 28, ...: what drivers report, as the kernel's block layer passes it on
///     EMFILE 24, ELOOP 40, ...: what looking for the file ends with
enum DeviceFault {
    /// The meaning of a number and its name; only the number of one that no disk reports.
    static func text(_ number: Int32) -> String {
        known[number].map { "\($0.meaning) (\($0.name))" } ?? "error number \(number)"
    }

    /// By number.
    static let known: [Int32: (name: String, meaning: String)] = [
        4: ("EINTR", "interrupted by a signal"),
        5: ("EIO", "input/output error"),
        6: ("ENXIO", "no such device, or no such place on it"),
        11: ("EAGAIN", "the device cannot take a request now"),
        12: ("ENOMEM", "the system has no memory for the request"),
        14: ("EFAULT", "bad address"),
        19: ("ENODEV", "the device is gone"),
        22: ("EINVAL", "the device refuses requests of this size or place"),
        23: ("ENFILE", "the system has too many open files"),
        24: ("EMFILE", "the daemon has too many open files"),
        27: ("EFBIG", "the file would be larger than its filesystem allows"),
        28: ("ENOSPC", "no space left on the device"),
        30: ("EROFS", "the filesystem is read-only"),
        36: ("ENAMETOOLONG", "the path is too long"),
        40: ("ELOOP", "too many symbolic links on the way"),
        61: ("ENODATA", "the medium cannot be read there"),
        67: ("ENOLINK", "the connection to the device is lost"),
        75: ("EOVERFLOW", "the place is beyond what the device can address"),
        84: ("EILSEQ", "the device's own checksum does not fit"),
        95: ("EOPNOTSUPP", "the device does not support the request"),
        107: ("ENOTCONN", "the device is not connected"),
        108: ("ESHUTDOWN", "the filesystem or device was shut down after an error"),
        110: ("ETIMEDOUT", "the device did not answer in time"),
        116: ("ESTALE", "the file is gone from its server"),
        117: ("EUCLEAN", "the filesystem is damaged"),
        121: ("EREMOTEIO", "the device reports an error of its target"),
        122: ("EDQUOT", "the quota of the file's owner is used up"),
        123: ("ENOMEDIUM", "there is no medium in the device"),
    ]
}
