import Arena
import Compressors
import Foundation
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// The memory of a store of each layout that ever was in use, kept in a file, is read by this
/// version: what an upgrade does.
///
///     Tests/Memories/layout-N: | frame 4 | which 16 bytes are there 32 | those bytes … | …
///
/// With ZSWAPFS_KEEP_MEMORY set the file of the present layout is written first.
@Suite struct KeptMemoryTests {
    private static let pageCount = 64

    private static func path(_ layout: UInt64) -> String {
        "\(BuiltProgram.packagePath)/Tests/Memories/layout-\(layout)"
    }

    /// Said here, so that what the file holds stays known: same-filled, compressible, text-like and
    /// incompressible pages.
    private static func page(_ number: Int) -> [UInt8] {
        var state = UInt32(number + 1)
        return (0..<Page.byteCount).map { index in
            switch number % 4 {
            case 0: return UInt8(number)
            case 1: return UInt8(truncatingIfNeeded: index / 64 * (number + 3))
            case 2: return Array("the page \(number) of a store ".utf8)[index % 22]
            default:
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(truncatingIfNeeded: state >> 24)
            }
        }
    }

    /// Compressors that each build has: a store cannot be taken over where one is missing.
    private static func compressors() throws -> CompressorRegistry {
        let registry = CompressorRegistry()
        try registry.register(LZ4Compressor())
        try registry.register(LZ4HCCompressor())
        return registry
    }

    /// A store with pages in every driver's pool, of two compressors, in two areas, with settings.
    private static func makeStore() throws -> TestStore {
        let store = try TestStore(zpool: "zbud", compressors: try compressors())
        let first = try store.makeArea("first")
        let second = try store.makeArea("caf\u{e9}")
        for (index, zpool) in ["zbud", "z3fold", "zsmalloc"].enumerated() {
            try store.store.setZpool(zpool)
            if index == 1 { try store.store.setCompressor("lz4hc", level: 7) }
            for number in 0..<pageCount where number % 3 == index {
                try store.write(page(number), to: first, page: UInt64(number * 5))
            }
        }
        try store.write(page(7), to: second, page: 3)
        try store.store.updateSettings(ofAreaNamed: "caf\u{e9}") { $0.byteCountMax = 1 << 30 }
        #expect(store.store.keep(settings: "settings"))
        store.store.handshake = [1, 2, 3]
        return store
    }

    @Test func theMemoryOfThisLayoutIsRead() throws {
        let path = Self.path(StoreRecord.layoutVersion)
        if getenv("ZSWAPFS_KEEP_MEMORY") != nil {
            let store = try Self.makeStore()
            try FrameFile.write(store.arena.fileDescriptor, to: path)
        }
        let other = try TestStore(compressors: try Self.compressors())
        let new = try TestStore(takingOver: try FrameFile.read(path), from: other)
        #expect(new.recovery?.pageCount == Self.pageCount + 1)
        #expect(new.recovery?.lostPageCount == 0 && new.recovery?.lostTableCount == 0)
        let first = try #require(new.store.area(named: "first"))
        for number in 0..<Self.pageCount {
            let bytes = try new.read(first, page: UInt64(number * 5))
            #expect(bytes == Self.page(number), "page \(number)")
        }
        let second = try #require(new.store.area(named: "caf\u{e9}"))
        #expect(try new.read(second, page: 3) == Self.page(7))
        #expect(new.store.settings(ofAreaNamed: "caf\u{e9}")?.byteCountMax == 1 << 30)
        #expect(Set(new.store.pools.map(\.type)) == ["zbud", "z3fold", "zsmalloc"])
        #expect(new.store.zpoolType == "zsmalloc")
        #expect(new.store.compressorName == "lz4hc" && new.store.compressorLevel == 7)
        #expect(new.store.keptSettings == "settings")
        #expect(new.store.handshake == [1, 2, 3])
        // And it goes on.
        try new.write(Self.page(3), to: first, page: 0)
        #expect(try new.read(first, page: 0) == Self.page(3))
        for pool in new.store.pools { pool.checkInvariants() }
    }
}

/// The frames of a file in memory that are not zeros, in a file on disk.
private enum FrameFile {
    private static let wordByteCount = 16
    private static let wordCount = Page.byteCount / wordByteCount

    static func write(_ memory: CInt, to path: String) throws {
        var data = Data()
        let length = try SystemCall.run("lseek") { lseek(memory, 0, SEEK_END) }
        var start = lseek(memory, 0, 3 /* SEEK_DATA */)
        while start >= 0, start < length {
            var frame = [UInt8](repeating: 0, count: Page.byteCount)
            try SystemCall.run("pread") { pread(memory, &frame, frame.count, start) }
            append(frame, UInt32(start / Page.byteCount), to: &data)
            start = lseek(memory, start + Page.byteCount, 3)
        }
        try data.write(to: URL(filePath: path))
    }

    private static func append(_ frame: [UInt8], _ number: UInt32, to data: inout Data) {
        let words = (0..<wordCount).map { frame[$0 * wordByteCount..<($0 + 1) * wordByteCount] }
        let isThere = words.map { $0.contains { $0 != 0 } }
        guard isThere.contains(true) else { return }
        withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
        for first in stride(from: 0, to: wordCount, by: 8) {
            data.append((0..<8).reduce(0) { $0 | (isThere[first + $1] ? 1 << $1 : 0) })
        }
        for (word, isThere) in zip(words, isThere) where isThere { data.append(contentsOf: word) }
    }

    /// A new file in memory with these frames.
    static func read(_ path: String) throws -> CInt {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let memory = try TestStore.emptyMemory(byteCount: 1 << 40)
        var place = 0
        func take(_ count: Int) throws -> ArraySlice<UInt8> {
            guard place + count <= bytes.count else { throw CallFailure(path, EILSEQ) }
            defer { place += count }
            return bytes[place..<place + count]
        }
        while place < bytes.count {
            let number = Int(try take(4).littleEndianWord)
            let bits = Array(try take(wordCount / 8))
            var frame = [UInt8](repeating: 0, count: Page.byteCount)
            for word in 0..<wordCount where bits[word / 8] >> (word % 8) & 1 != 0 {
                let start = word * wordByteCount
                frame.replaceSubrange(start..<start + wordByteCount, with: try take(wordByteCount))
            }
            try SystemCall.run("pwrite") {
                pwrite(memory, frame, frame.count, number * Page.byteCount)
            }
        }
        return memory
    }
}
