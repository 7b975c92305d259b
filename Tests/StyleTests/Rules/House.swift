/// The permitted dependencies of modules: arrows point down only.
///
///     zswapfs -> ZswapfsCommand -> FuseServer -> ControlTree -> Maintenance -> SwapStore
///     SwapStore -> ZPool       -> Arena -> Threads -> ZswapCore
///               -> Compressors --------------------> ZswapCore
///               -> Backing     -> Arena
///     ZswapfsCommand -> BackingFiles -> Backing, LinuxSystem -> Threads, ZswapCore
///     ControlTree, FuseServer -> Latency -> Threads, LinuxSystem
///
/// A module that has no row here has no place in the house yet.
enum House {
    /// Modules that each module may depend on; nil for the commands, which put everything together.
    static let arrows: [String: Set<String>?] = [
        "ZswapCore": [],
        "Configuration": ["ZswapCore"],
        "ZswapVersion": ["ZswapCore"],
        "Threads": ["ZswapCore", "CLinux"],
        "LinuxSystem": ["ZswapCore", "Threads", "CLinux"],
        "Arena": ["ZswapCore", "Threads", "CLinux"],
        "ZPool": ["ZswapCore", "Threads", "Arena"],
        "Compressors": ["ZswapCore", "CLZ4", "CZstd", "CLZO", "CDeflate", "CXXHash"],
        "Backing": ["ZswapCore", "Arena"],
        "BackingFiles": ["ZswapCore", "Arena", "Backing", "LinuxSystem"],
        "SwapStore": ["ZswapCore", "Threads", "Arena", "ZPool", "Compressors", "Backing"],
        "Latency": ["Threads", "LinuxSystem"],
        "Maintenance": ["ZswapCore", "Threads", "Arena", "ZPool", "Backing", "SwapStore"],
        "ControlTree": ["ZswapCore", "SwapStore", "Maintenance", "Backing", "Latency"],
        "FuseServer": [
            "ZswapCore", "Threads", "SwapStore", "ControlTree", "Latency", "CFuse", "CLinux",
        ],
        "Advice": [
            "ZswapCore", "Threads", "LinuxSystem", "Arena", "ZPool", "Compressors", "SwapStore",
            "Maintenance",
        ],
        "Experiment": [
            "ZswapCore", "Threads", "LinuxSystem", "Arena", "ZPool", "Compressors", "SwapStore",
            "Maintenance", "ZswapVersion", "Advice",
        ],
        "NullFilesystem": ["ZswapCore", "Threads", "CFuse", "CLinux"],
        "PoolTesting": ["ZswapCore", "Arena", "ZPool"],
        "ZswapfsCommand": nil,
        "BenchCommand": nil,
        "zswapfs": ["ZswapfsCommand", "ZPool"],
        "zswapfs-bench": ["BenchCommand", "ZPool"],
    ]

    /// Modules of the toolchain that every module may import.
    private static let system: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization",
    ]

    /// Modules that make no system call of their own: they import nothing that would give them one.
    private static let withoutSystemCalls: Set<String> = ["ZswapCore", "Backing", "SwapStore"]

    /// The modules that give system calls.
    private static let systemCalls: Set<String> = [
        "CLinux", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "SystemPackage",
    ]

    /// The modules that only tests depend on.
    private static let helpers: Set<String> = [
        "TestSupport", "CallCounter", "ThreadOrder", "zswapfs-fuzz",
    ]

    /// Dependencies in the manifest that point up or sideways, modules without a place, and modules
    /// outside the fence that are not checked for memory safety.
    static func violations(in manifest: PackageManifest) -> [Violation] {
        var found: [Violation] = []
        let isOurs = Set(manifest.targets.map(\.name))
        for target in manifest.targets where target.kind.hasSuffix("arget") {
            func report(_ rule: String) {
                found.append(Violation(manifest.path, target.line, rule))
            }
            if target.kind == "testTarget" || helpers.contains(target.name) { continue }
            guard let allowed = arrows[target.name] else {
                report("\(target.name) has no place in the house")
                continue
            }
            for dependency in target.targets {
                if !isOurs.contains(dependency) { report("there is no target \(dependency)") }
                if let allowed, !allowed.contains(dependency) {
                    report("\(target.name) may not depend on \(dependency)")
                }
            }
            if !SafetyRules.fence.contains(target.name), target.settings != "safe" {
                report("\(target.name) is outside the fence and not compiled with safe settings")
            }
        }
        if !manifest.hasStrictSafeSettings {
            found.append(Violation(manifest.path, 1, "safe settings without strictMemorySafety()"))
        }
        return found
    }

    /// Imports of modules that the manifest does not give to the file's own module.
    static func violations(in file: TextFile, manifest: PackageManifest) -> [Violation] {
        guard let module = file.module, file.isSwift else { return [] }
        guard let target = manifest.target(named: module) else {
            return [Violation(file.path, 1, "Package.swift has no target \(module)")]
        }
        let isPure = withoutSystemCalls.contains(module)
        let allowed = system.union(target.targets).union(target.products)
            .subtracting(isPure ? systemCalls : [])
        var found: [Violation] = []
        for (index, code) in file.code.enumerated() {
            guard let imported = importedModule(in: code), !allowed.contains(imported) else {
                continue
            }
            found.append(Violation(file.path, index + 1, "\(module) may not import \(imported)"))
        }
        return found
    }

    /// Rows of the table of modules in the architecture document that are not what the manifest
    /// says, and modules without a row.
    static func violations(
        inTableOf document: TextFile, manifest: PackageManifest
    ) -> [Violation] {
        var found: [Violation] = []
        var rows: Set<String> = []
        for (index, line) in document.lines.enumerated() {
            let columns = line.split(separator: "|", omittingEmptySubsequences: false)
            guard columns.count == 5, let module = quoted(in: columns[1]).first,
                let target = manifest.target(named: module), rows.insert(module).inserted
            else { continue }
            let wrong = Set(quoted(in: columns[3])).symmetricDifference(target.targets)
            guard !wrong.isEmpty else { continue }
            let names = wrong.sorted().joined(separator: ", ")
            found.append(
                Violation(document.path, index + 1, "\(module) and Package.swift differ: \(names)"))
        }
        for module in arrows.keys.sorted() where !rows.contains(module) {
            found.append(Violation(document.path, 1, "no row for \(module)"))
        }
        return found
    }

    /// The texts in backticks.
    private static func quoted(in text: some StringProtocol) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    private static func importedModule(in code: String) -> String? {
        let words = code.words
        guard let keyword = words.firstIndex(of: "import"), keyword <= 2 else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let"]
        return words[(keyword + 1)...].first { !kinds.contains($0) }.map(String.init)
    }
}
