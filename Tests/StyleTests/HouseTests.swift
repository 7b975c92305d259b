import Testing

@Suite struct HouseTests {
    private func manifest(_ targets: String, safe: String = ".strictMemorySafety()")
        -> PackageManifest
    {
        let text = "let safe: [SwiftSetting] = common + [\(safe)]\n" + targets
        return PackageManifest(TextFile(path: "Package.swift", text: text))
    }

    private let core = ".target(name: \"ZswapCore\", swiftSettings: safe),\n"

    @Test func readsTargets() {
        let manifest = manifest(
            """
            .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
            .executableTarget(
                name: "zswapfs",
                dependencies: [
                    "A", "B",
                    .product(name: "Logging", package: "swift-log"),
                ],
                swiftSettings: safe),
            """)
        let targets = manifest.targets
        #expect(targets.map(\.name) == ["CLZ4", "zswapfs"])
        #expect(targets.map(\.line) == [2, 3])
        #expect(targets.map(\.targets) == [[], ["A", "B"]])
        #expect(targets.map(\.products) == [[], ["Logging"]])
        #expect(targets.map(\.settings) == [nil, "safe"])
    }

    @Test func arrowsUpAreFound() {
        let pool = ".target(name: \"ZPool\", swiftSettings: common),\n"
        let up = ".target(name: \"Arena\", dependencies: [\"ZPool\"], swiftSettings: common),\n"
        let found = House.violations(in: manifest(pool + up))
        #expect(found == [Violation("Package.swift", 3, "Arena may not depend on ZPool")])
        #expect(House.violations(in: manifest(core + pool)).isEmpty)
    }

    @Test func strangersAndLooseSettingsAreFound() {
        let targets = """
            .target(name: "Helpers", swiftSettings: safe),
            .target(name: "SwapStore", dependencies: ["Arena"], swiftSettings: common),
            """
        let found = House.violations(in: manifest(targets, safe: ""))
        #expect(
            found.map(\.rule) == [
                "Helpers has no place in the house",
                "there is no target Arena",
                "SwapStore is outside the fence and not compiled with safe settings",
                "safe settings without strictMemorySafety()",
            ])
    }

    @Test func importsNeedADependency() {
        let manifest = manifest(
            core + ".target(name: \"Arena\", dependencies: [\"ZswapCore\"]),\n")
        let text = """
            // import ZPool
            import Glibc
            public import ZswapCore
            @preconcurrency import ZPool
            import struct Compressors.LZ4
            let important = 1
            """
        let file = TextFile(path: "Sources/Arena/A.swift", text: text)
        #expect(
            House.violations(in: file, manifest: manifest) == [
                Violation("Sources/Arena/A.swift", 4, "Arena may not import ZPool"),
                Violation("Sources/Arena/A.swift", 5, "Arena may not import Compressors"),
            ])
    }

    @Test func modulesWithoutSystemCallsImportNone() {
        let backing = ".target(name: \"Backing\", dependencies: [\"ZswapCore\"]),\n"
        let text = """
            import Glibc
            import Synchronization
            import ZswapCore
            """
        func found(in module: String) -> [Violation] {
            let file = TextFile(path: "Sources/\(module)/A.swift", text: text)
            let arena = ".target(name: \"Arena\", dependencies: [\"ZswapCore\"]),\n"
            return House.violations(in: file, manifest: manifest(core + arena + backing))
        }
        #expect(
            found(in: "Backing") == [
                Violation("Sources/Backing/A.swift", 1, "Backing may not import Glibc")
            ])
        #expect(found(in: "Arena").isEmpty)
    }

    @Test func aFolderWithoutATargetIsFound() {
        let file = TextFile(path: "Sources/Extra/A.swift", text: "let a = 1")
        #expect(House.violations(in: file, manifest: manifest(core)).count == 1)
    }
}
