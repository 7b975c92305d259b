import Foundation

/// The files of the package that rules look at, found from where this file was compiled.
struct Repository {
    let root: URL

    static let current = Repository(
        root: URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent())

    /// The files that people write: sources, tests, scripts, documents and the files at the top.
    func files() throws -> [TextFile] {
        let top = ["Package.swift", "README.md", "CHANGELOG.md", ".ci/run"]
        let folders = ["Plugins", "Sources", "Tests", "mount-scripts", "Docs"]
        let paths = top.filter(exists) + (try folders.filter(exists).flatMap(paths(under:)))
        return try paths.sorted().map(file(at:))
    }

    func file(at path: String) throws -> TextFile {
        let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        return TextFile(path: path, text: text)
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    private func paths(under folder: String) throws -> [String] {
        let base = root.appending(path: folder).path
        return try FileManager.default.subpathsOfDirectory(atPath: base)
            .map { "\(folder)/\($0)" }
            .filter { path in
                let isHidden = path.split(separator: "/").contains { $0.hasPrefix(".") }
                return !isHidden && !path.contains("__pycache__") && isText(path)
            }
    }

    private func isText(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        let full = root.appending(path: path).path
        guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder) else {
            return false
        }
        guard !isFolder.boolValue, let bytes = FileManager.default.contents(atPath: full) else {
            return false
        }
        return !bytes.contains(0) && String(bytes: bytes, encoding: .utf8) != nil
    }
}
