package import LinuxSystem
import ZswapCore

/// Pages that a sample can be drawn from: those of a process, or of a file.
///
/// Law: places are 0 up to ``pageCount`` - 1 and name the same pages as long as the source lives,
/// whether these are still there or not.
package protocol PageSource {
    /// The source for people: a program's name, or a path.
    var name: String { get }
    /// The process; nil for a file.
    var process: Int32? { get }
    /// Number of pages.
    var pageCount: Int { get }

    /// Copies the pages at these places, which rise, into `memory` from its page `first` on, and
    /// returns how many were there to copy. A page that has gone leaves no gap.
    func copy(_ places: [Int], into memory: PageMemory, at first: Int) -> Int
}

/// The pages of a live process that the kernel could swap for it alone.
package struct ProcessSource: PageSource {
    /// The program's name.
    package let name: String
    /// The process.
    package let process: Int32?
    private let memory: ProcessMemory
    private let pages: ProcessPages

    /// Looks for the pages. Throws what the kernel says of a process that may not be read, or that
    /// has ended.
    package init(process: Int32, name: String) throws(SystemFailure) {
        self.process = process
        self.name = name
        memory = ProcessMemory(of: process)
        pages = try memory.ownPages()
    }

    package var pageCount: Int { pages.count }

    package func copy(_ places: [Int], into memory: PageMemory, at first: Int) -> Int {
        // It may have ended meanwhile: then none of its pages is there.
        (try? self.memory.copy(pages.pages(at: places), into: memory, at: first)) ?? 0
    }
}

/// The pages of a file of raw pages.
package struct FileSource: PageSource {
    /// The reason why a file is no file of pages.
    package struct Failure: Error, CustomStringConvertible {
        /// The path and the reason.
        package let description: String
    }

    /// The file's path.
    package let name: String
    /// None.
    package let process: Int32? = nil
    /// Number of pages.
    package let pageCount: Int
    private let file: OpenFile

    /// Opens a file, or a block device, whose size is a multiple of 4096 bytes, and not 0.
    package init(path: String) throws {
        name = path
        // Looked at first: opening a pipe would wait for a writer.
        let located = try OpenFile(path, for: .locating)
        let kind = try located.status().kind
        guard kind == .regular || kind == .blockDevice else {
            throw Failure(description: "\(path): neither a file nor a block device")
        }
        file = try OpenFile(reopening: located, for: .reading)
        let byteCount = try file.endOffset()
        guard byteCount > 0, byteCount % Page.byteCount == 0 else {
            throw Failure(
                description: "\(path): \(byteCount) bytes; a file of pages has a multiple of "
                    + "\(Page.byteCount) bytes, raw, and at least one page")
        }
        pageCount = byteCount / Page.byteCount
    }

    package func copy(_ places: [Int], into memory: PageMemory, at first: Int) -> Int {
        var end = first
        for place in places where end < memory.pageCount {
            if (try? memory.read(page: place, of: file, to: end)) == true { end += 1 }
        }
        return end - first
    }
}
