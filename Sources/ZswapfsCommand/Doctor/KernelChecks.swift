import ZswapCore

/// Checks of the kernel and its devices.
extension MachineFacts {
    var kernelFindings: [Finding] {
        [kernelFinding, pageFinding, fuseFinding, loopFinding, ringFinding].compactMap { $0 }
    }

    /// A version of Linux, by its first two numbers.
    struct KernelVersion: Comparable, CustomStringConvertible {
        let major: Int
        let minor: Int

        init(major: Int, minor: Int) { (self.major, self.minor) = (major, minor) }

        /// That of a release like `6.12.3-amd64`; nil for other texts.
        init?(release: String) {
            let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
            guard release.first?.isNumber == true, numbers.count == 2 else { return nil }
            self.init(major: numbers[0], minor: numbers[1])
        }

        var description: String { "\(major).\(minor)" }

        static func < (left: KernelVersion, right: KernelVersion) -> Bool {
            (left.major, left.minor) < (right.major, right.minor)
        }
    }

    /// The first kernel with a tmpfs that is never swapped (`noswap`).
    private static let unswappableFiles = KernelVersion(major: 6, minor: 4)
    /// The first kernel that sends requests again (`FUSE_NOTIFY_RESEND`).
    private static let resends = KernelVersion(major: 6, minor: 9)

    private var kernelFinding: Finding? {
        guard let release = kernelRelease, let version = KernelVersion(release: release) else {
            return nil
        }
        let remedy = "install Linux \(Self.resends) or later"
        guard version >= Self.unswappableFiles else {
            return .advice(
                "kernel",
                """
                \(release) has no memory that is never swapped (\(Self.unswappableFiles)), and \
                sends no request again (\(Self.resends)): a killed server may cost requests, and \
                between two servers pages could wait for themselves
                """, remedy: remedy)
        }
        guard version >= Self.resends else {
            return .advice(
                "kernel",
                """
                \(release) sends no request again (\(Self.resends) does): requests under way are \
                lost when the server is killed
                """, remedy: remedy)
        }
        return .good("kernel", "\(release): a killed server loses nothing")
    }

    private var pageFinding: Finding? {
        guard kernelPageByteCount != Page.byteCount else { return nil }
        return .problem(
            "page size",
            """
            this kernel's pages have \(kernelPageByteCount) bytes; areas are swap for pages of \
            \(Page.byteCount) bytes, and files otherwise
            """, remedy: nil)
    }

    private var fuseFinding: Finding {
        guard hasFuseDevice else {
            return .problem(
                "/dev/fuse", "there is none, so nothing can be mounted", remedy: "modprobe fuse")
        }
        guard mayOpenFuse else {
            return .problem(
                "/dev/fuse", "it is there, and this user may not open it",
                remedy: "chmod 666 /dev/fuse; in a container: --device /dev/fuse")
        }
        return .good("/dev/fuse", "may be opened")
    }

    private var loopFinding: Finding {
        guard hasLoopDevices else {
            return .problem(
                "loop devices", "there are none, so areas are files, and no swap",
                remedy: "modprobe loop")
        }
        return .good("loop devices", "there are some, so areas can be swap")
    }

    private var ringFinding: Finding? {
        guard hasFuseDevice else { return nil }
        let text =
            ringSwitch == nil
            ? "this kernel has no FUSE over it; /dev/fuse, the default, is as fast"
            : "FUSE over it is there (transport=uring); /dev/fuse is the default"
        return .good("io_uring", text)
    }
}
