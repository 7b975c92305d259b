import Backing
import BackingFiles
import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// Files as backing devices.
@Suite struct BackingFileTests {
    /// A file of 4 MiB, or another size.
    static func makeFile(
        _ name: String, byteCount: Int = 4 << 20, in directory: String = TemporaryFile.directory
    ) throws -> TemporaryFile {
        let file = TemporaryFile(name, in: directory)
        try OpenFile(file.path, for: .creating).truncate(toByteCount: UInt64(byteCount))
        return file
    }

    static func open(_ path: String, unlessOn avoided: DeviceNumber? = nil) -> BackingError? {
        LogRecords.failure { () throws(BackingError) in
            _ = try BackingFile(opening: path, unlessOn: avoided)
        }
    }

    /// The filesystem that a path lies on.
    static func device(of path: String) throws -> DeviceNumber {
        try OpenFile(path, for: .locating).status().identity.device
    }

    /// A filesystem of its own, to stand for the own mount.
    static let hasTwoFilesystems: Bool = {
        guard let memory = try? device(of: TemporaryFile.memoryDirectory) else { return false }
        return (try? ["/", "/dev", "/tmp", TemporaryFile.directory].map(device)).map {
            !$0.contains(memory)
        } ?? false
    }()

    @Test func aLogOnAFileKeepsItsRecords() throws {
        // What is no whole block is not used.
        let file = try Self.makeFile("log", byteCount: 4 << 20 + 100)
        let backing = try BackingFile(opening: file.path, unlessOn: nil)
        #expect(backing.byteCount == 4 << 20)
        #expect(backing.path == file.path)
        let log = try BackingLog(on: backing)
        let buffer = try BackingReadBuffer()
        var records: [(BackingLocation, [UInt8])] = []
        for page in 0..<900 {
            let payload = LogRecords.payload(page, byteCount: 1 + page * 61 % 4096)
            let owner = LogRecords.owner(page)
            var placement = log.append(payload.span.bytes, owner: owner, isCleaning: false)
            if placement == .bufferFull {
                try log.flush()
                placement = log.append(payload.span.bytes, owner: owner, isCleaning: false)
            }
            guard case .at(let location) = placement else {
                Issue.record("no room for page \(page)")
                return
            }
            records.append((location, payload))
        }
        try log.flush()
        for (location, payload) in records {
            try log.read(location, payloadByteCount: payload.count, into: buffer)
            #expect(LogRecords.array(buffer.payload) == payload)
        }
        var count = 0
        try log.forEachRecord(inSegment: 0) { _, location, payload in
            #expect(LogRecords.array(payload) == records[count].1)
            #expect(location == records[count].0)
            count += 1
        }
        #expect(count > 200)
    }

    @Test func whatIsNoUsableFileIsRefused() throws {
        let directory = try TemporaryDirectory()
        let pipe = directory.path("pipe")
        mkfifo(pipe, 0o600)
        let loop = directory.path("loop")
        symlink("loop", loop)
        let small = try Self.makeFile("small", byteCount: Int(BackingFile.byteCountMin) - 1)
        #expect(Self.open("relative/file") == .notAbsolute)
        #expect(Self.open("") == .notAbsolute)
        #expect(Self.open(directory.path("nothing")) == .notFound)
        #expect(Self.open("\(small.path)/below") == .notFound)
        #expect(Self.open(directory.path) == .wrongKind)
        #expect(Self.open("/") == .wrongKind)
        #expect(Self.open(pipe) == .wrongKind)
        #expect(Self.open("/dev/null") == .wrongKind)
        #expect(Self.open(loop) == .failed(errno: ELOOP))
        let error = Self.open(small.path)
        #expect(error == .tooSmall(byteCount: 2 << 20 - 4096, minimum: 2 << 20))
        let message = try #require(error).message(for: small.path)
        #expect(message.hasPrefix(small.path) && message.contains("truncate -s 4G"))
    }

    @Test func linksAndDotsAreFollowed() throws {
        let file = try Self.makeFile("target")
        let directory = try TemporaryDirectory()
        _ = try directory.makeDirectory("inner")
        symlink(file.path, directory.path("absolute"))
        symlink("../absolute", directory.path("inner/relative"))
        symlink("inner/relative", directory.path("twice"))
        symlink(directory.path, directory.path("inner/self"))
        for path in [
            directory.path("absolute"), directory.path("inner/relative"), directory.path("twice"),
            directory.path("inner/self/inner/../twice"), "//" + directory.path("./absolute"),
            "/.." + file.path,
        ] {
            let backing = try BackingFile(opening: path, unlessOn: nil)
            #expect(backing.path == path)
        }
    }

    @Test func theSecondOneFindsItBusy() throws {
        let file = try Self.makeFile("busy")
        let first = try BackingFile(opening: file.path, unlessOn: nil)
        withExtendedLifetime(first) { #expect(Self.open(file.path) == .busy) }
        let other = try Self.makeFile("not-busy")
        #expect(Self.open(other.path) == nil)
        #expect(Self.open(other.path) == nil, "the lock went with the file")
    }

    @Test func openingChangesNoByte() throws {
        let file = try Self.makeFile("kept")
        let content = LogRecords.payload(1, byteCount: 8192)
        try OpenFile(file.path, for: .readingAndWriting).writeStart(content)
        #expect(Self.open(file.path) == nil)
        let left = try OpenFile(file.path, for: .reading).readStart(byteCount: 8192)
        #expect(left == content)
    }

    @Test func whatIsCutOffIsAnError() throws {
        let file = try Self.makeFile("cut")
        let log = try BackingLog(on: BackingFile(opening: file.path, unlessOn: nil))
        try OpenFile(file.path, for: .readingAndWriting).truncate(toByteCount: 8192)
        let buffer = try BackingReadBuffer()
        for (location, expected) in [(0, nil), (8192 / 16, .failed(errno: EIO))]
            as [(UInt64, BackingError?)]
        {
            let error = LogRecords.failure { () throws(BackingError) in
                try log.read(
                    BackingLocation(rawValue: location), payloadByteCount: 100, into: buffer)
            }
            #expect(error == expected)
        }
    }

    @Test(.enabled(if: hasTwoFilesystems, "needs a filesystem of its own at /dev/shm"))
    func theOwnMountIsRefused() throws {
        let memory = TemporaryFile.memoryDirectory
        let own = try Self.device(of: memory)
        let inside = try Self.makeFile("inside", in: memory)
        let outside = try Self.makeFile("outside")
        let directory = try TemporaryDirectory()
        symlink(inside.path, directory.path("link"))
        symlink(memory, directory.path("directory"))
        let name = inside.path.split(separator: "/").last.map(String.init) ?? ""
        for path in [
            inside.path, directory.path("link"), directory.path("directory/\(name)"),
            // Nothing is looked up there, and be it only to leave again.
            "\(memory)/nothing", "\(memory)/..\(outside.path)",
        ] {
            #expect(Self.open(path, unlessOn: own) == .onOwnMount, "\(path)")
        }
        #expect(Self.open(outside.path, unlessOn: own) == nil)
        #expect(Self.open(inside.path) == nil)
    }
}
