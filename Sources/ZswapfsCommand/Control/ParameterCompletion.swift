import ArgumentParser
import Compressors
import ControlTree
import ZPool

/// What a shell offers for parameters, statistics and mount options: names, then values.
///
///     set /mnt/z com|           compressor=
///     set /mnt/z compressor=|   compressor=lz4 compressor=zstd …
///     -o zpool=zbud,ar|         zpool=zbud,arena=
///
/// The names are those of the table of control files, so a new row is offered at once.
enum ParameterCompletion {
    private static let directory = "params/"
    private static let areaPlaceholder = "areas/NAME"

    /// `NAME=VALUE` of `set`.
    static let assignment = CompletionKind.custom { words, index, prefix in
        assignments(prefix, areas: areas(in: words, before: index))
    }

    /// The name of a file of `get`.
    static let names = CompletionKind.custom { words, index, _ in
        readable(areas: areas(in: words, before: index))
    }

    /// The text behind `-o`.
    static let mountOptions = CompletionKind.custom { _, _, prefix in options(prefix) }

    /// Assignments that begin with `prefix`.
    static func assignments(_ prefix: String, areas: [String]) -> [String] {
        let names = rows(areas) { $0.access != .readOnly }
        if let mark = prefix.firstIndex(of: "=") {
            let name = String(prefix[..<mark])
            guard let type = names.first(where: { $0.name == name })?.type else { return [] }
            return values(of: type).map { "\(name)=\($0)" }
        }
        return names.map { "\($0.name)=" }
    }

    /// Option lists that begin with `prefix`: the last option of it, completed.
    static func options(_ prefix: String) -> [String] {
        let place = prefix.lastIndex(of: ",").map { prefix.index(after: $0) } ?? prefix.startIndex
        let (done, last) = (prefix[..<place], String(prefix[place...]))
        guard let mark = last.firstIndex(of: "=") else {
            let names = MountSettings.valuedNames + ParameterOptions.names
            return (names.map { "\($0)=" } + MountSettings.plainNames).map { done + $0 }
        }
        let name = String(last[..<mark])
        let words =
            MountSettings.choices[name]
            ?? rows([]) { $0.access == .readWrite }.first { $0.name == name }
            .map { values(of: $0.type) } ?? []
        return words.map { "\(done)\(name)=\($0)" }
    }

    /// Files that can be read.
    private static func readable(areas: [String]) -> [String] {
        rows(areas) { $0.access != .writeOnly }.map(\.name)
            + rows(areas, in: "stats/") { $0.access != .writeOnly }.map(\.name)
    }

    /// Files of a directory, without its name, one for each area where a row has a place for one.
    private static func rows(
        _ areas: [String], in directory: String = directory, where isWanted: (ControlRow) -> Bool
    ) -> [(name: String, type: ControlType)] {
        ControlTree.rows.filter { $0.path.hasPrefix(directory) && isWanted($0) }.flatMap { row in
            let name = String(row.path.dropFirst(directory.count))
            guard row.hasPlaceholder else { return [(name, row.type)] }
            guard name.hasPrefix(areaPlaceholder) else { return [] }
            return areas.map { ("areas/\($0)\(name.dropFirst(areaPlaceholder.count))", row.type) }
        }
    }

    /// Words that a file of this type takes; empty where these are numbers or paths.
    private static func values(of type: ControlType) -> [String] {
        switch type {
        case .flag: ["Y", "N"]
        case .choice(let words): words
        case .name: ZpoolRegistry.standard().types
        case .levelledName: CompressorRegistry.standard().names
        case .path: ["none"]
        case .numberOrOff, .sizeOrOff: ["off"]
        case .orInherit(let type): ["inherit"] + values(of: type)
        default: []
        }
    }

    /// The areas of the mount that the command line names before the word that is completed.
    private static func areas(in words: [String], before index: Int) -> [String] {
        guard (1..<words.count).contains(index) else { return [] }
        return MountCompletion.names(ofAreasIn: words[index - 1])
    }
}
