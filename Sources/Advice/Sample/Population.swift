import LinuxSystem
import SystemPackage
import ZswapCore

/// The processes whose pages a sample is drawn from, and those that may not be read.
package struct Population {
    /// What could be read.
    package private(set) var sources: [any PageSource] = []
    /// Processes that this user may not read.
    package private(set) var unreadableProcessCount = 0
    /// Their pages, by the kernel's own count, which everyone may read: some of them are shared or
    /// locked.
    package private(set) var unreadablePageCount = 0
    /// Processes that ended while they were looked at.
    package private(set) var endedProcessCount = 0

    /// Looks through these processes. This one is left out, and so are threads of the kernel.
    /// `check` is called before each; an error that it throws ends the look. Processes without
    /// swappable pages are no source.
    package init(
        of processes: [Int32], check: (_ done: Int, _ count: Int) throws -> Void
    ) throws {
        for (index, process) in processes.enumerated() where process != ProcessTable.own {
            try check(index, processes.count)
            guard let status = ProcessStatus(of: "\(process)") else {
                endedProcessCount += 1
                continue
            }
            guard status.hasMemory else { continue }
            do {
                let source = try ProcessSource(process: process, name: status.name)
                if source.pageCount > 0 { sources.append(source) }
            } catch {
                switch error.errno {
                case .notPermitted, .permissionDenied:
                    unreadableProcessCount += 1
                    unreadablePageCount += Self.pageCount(of: status)
                case .noSuchFileOrDirectory, .noSuchProcess: endedProcessCount += 1
                default: throw error
                }
            }
        }
    }

    /// A file in place of processes.
    package init(file: FileSource) { sources = [file] }

    /// Anonymous pages of a process, in memory and swapped out.
    private static func pageCount(of status: ProcessStatus) -> Int {
        ["RssAnon", "VmSwap"].reduce(0) { sum, field in
            // Of all processes together they are a number, whatever the text says.
            sum + Int(min(status.byteCount(of: field), byteCountMax) >> UInt64(Page.shift))
        }
    }

    /// More than any process has.
    private static let byteCountMax: UInt64 = 1 << 48
}
