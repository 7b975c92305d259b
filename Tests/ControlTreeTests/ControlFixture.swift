import ControlTree
import Foundation
import Maintenance
import SwapStore
import TestSupport
import ZswapCore

/// A tree over a store with three areas: one with pages of every kind, one empty, one with a hard
/// name.
struct ControlFixture {
    static let hardName: ByteText = "a \"b\"\\\nc"

    /// The mount point in the mount's facts.
    static let mountPoint: ByteText = "/m \"q\""

    let fixture: TestStore
    let tree: ControlTree
    let area: Area
    private let backingFile = TemporaryFile("backing-\(UInt32.random(in: .min ... .max))")

    init(zpool: String = "zsmalloc", swapUse: [ByteText: SwapUse] = [:]) throws {
        fixture = try TestStore(zpool: zpool)
        let store = fixture.store
        tree = ControlTree(of: fixture.maintenance) {
            ControlFacts(
                mountPoint: Self.mountPoint, version: "1.2.3", transport: "/dev/fuse",
                transportReason: "asked for", protections: ["memory locked", "no fork"],
                supervision: "supervised", supervisionReason: "the default",
                devices: swapUse.sorted { $0.key < $1.key }.compactMap { name, use in
                    store.area(named: name).map { area in
                        AreaDevice(path: "/dev/loop9", number: "7:9", slot: area.slot, use: use)
                    }
                })
        }
        area = try fixture.makeArea("swap")
        _ = try fixture.makeArea("empty")
        _ = try fixture.makeArea(Self.hardName)
        for page in 0..<20 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        for page in 20..<25 as Range<UInt64> {
            try fixture.write(PageContent.incompressible(page), to: area, page: page)
        }
        for page in 25..<28 as Range<UInt64> {
            try fixture.write(
                [UInt8](repeating: UInt8(page), count: Page.byteCount), to: area, page: page)
        }
    }

    /// The row's path with something that exists in place of the placeholder.
    static func path(_ row: ControlRow) -> String {
        row.path.split(separator: "/").map { $0 == "NAME" ? "swap" : $0 == "N" ? "1" : $0 }
            .joined(separator: "/")
    }

    /// A file that pages can be written back to.
    func makeBackingFile() throws -> String {
        try Data(count: 8 << 20).write(to: URL(filePath: backingFile.path))
        return backingFile.path
    }

    func value(_ path: String) throws -> String {
        let text = try tree.read(ByteText(path))
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    func number(_ path: String) throws -> Int? { Int(try value(path)) }

    func numbers(_ path: String) throws -> [Int] {
        try value(path).split(separator: " ").compactMap { Int($0) }
    }

    /// A file of names and numbers.
    func lines(_ path: String) throws -> [(name: String, value: Int)] {
        try value(path).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, let value = Int(words[1]) else { return nil }
            return (String(words[0]), value)
        }
    }

    /// The error that a write meets, and what the file read before and after.
    func refusal(of text: String, to path: String) throws -> (
        error: ControlError?, before: String, after: String
    ) {
        let before = try value(path)
        var refusal: ControlError?
        do throws(ControlError) {
            try tree.write(text, to: ByteText(path))
        } catch {
            refusal = error
        }
        return (refusal, before, try value(path))
    }
}
