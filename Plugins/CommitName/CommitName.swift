import Foundation
import PackagePlugin

/// Writes `BuiltCommit.swift` for a target: the name of the commit that is built.
///
///     git describe ── name-commit.sh ──► BuiltCommit.swift in the scratch directory
///
/// Law: the name is that of the sources that are compiled. The command runs again when HEAD moves
/// or a source file changes, and writes the file only if the name has changed.
/// `Context.gitInformation` cannot do this: the package manager remembers a manifest, and with
/// it the commit of the first build. A prebuild command cannot either: it runs when a build is
/// planned, which a changed file does not ask for.
/// Cost: one run of git in a build that compiles something.
@main struct CommitName: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) -> [Command] {
        let root = context.package.directoryURL
        let script = root.appending(path: "Plugins/CommitName/name-commit.sh")
        let output = context.pluginWorkDirectoryURL.appending(path: "BuiltCommit.swift")
        let sources = context.package.targets.compactMap { $0 as? any SourceModuleTarget }
            .flatMap { $0.sourceFiles.map(\.url) }
            .filter { $0.path().hasPrefix(root.path()) && $0 != output }
        let manifest = root.appending(path: "Package.swift")
        return [
            .buildCommand(
                displayName: "Naming the commit",
                executable: URL(filePath: "/bin/sh"),
                arguments: [script.path(), root.path(), output.path()],
                inputFiles: [script, manifest] + Self.heads(of: root) + sources,
                outputFiles: [output])
        ]
    }

    /// Files that change when HEAD moves; empty without git.
    private static func heads(of root: URL) -> [URL] {
        var folder = root.appending(path: ".git")
        // In a linked worktree it is a file that names the folder.
        if let text = try? String(contentsOf: folder, encoding: .utf8),
            let place = text.split(separator: "\n").first?.split(separator: " ").last
        {
            folder = URL(filePath: String(place), relativeTo: root)
        }
        return ["HEAD", "logs/HEAD"].map { folder.appending(path: $0) }
            .filter { FileManager.default.fileExists(atPath: $0.path()) }
    }
}
