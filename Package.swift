// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// What every target of ours is compiled with. Warnings are errors everywhere.
let common: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

/// Outside the raw-memory fences the compiler itself rejects every unsafe operation.
let safe: [SwiftSetting] = common + [.strictMemorySafety()]

/// Tests may look at raw memory; what they look at is under test.
let tests: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
]

/// What takes bytes from outside, for `FuzzTests` and for the fuzzer.
let fuzzed: [Target.Dependency] = [
    "ZswapfsCommand", "FuseServer", "ControlTree", "Maintenance", "SwapStore", "Backing",
    "BackingFiles", "Compressors", "Arena", "Latency", "LinuxSystem", "ZswapCore", "TestSupport",
    "CFuse",
]

/// Where `mount-scripts/setup` puts a libfuse with io_uring when the system's has none. Headers are
/// found by `CFuse` itself. A package that depends on a version of this one never has it there, and
/// may have no unsafe flags.
let ownLibfuse = "\(Context.packageDirectory)/.libfuse/lib"
let libfuse: [LinkerSetting] =
    FileManager.default.fileExists(atPath: ownLibfuse) ? [.unsafeFlags(["-L\(ownLibfuse)"])] : []

let package = Package(
    name: "zswapfs",
    products: [
        .library(name: "ZswapCore", targets: ["ZswapCore"]),
        .library(name: "Arena", targets: ["Arena"]),
        .library(name: "ZPool", targets: ["ZPool"]),
        .library(name: "Compressors", targets: ["Compressors"]),
        .library(name: "Advice", targets: ["Advice"]),
        .library(name: "Experiment", targets: ["Experiment"]),
        .library(name: "PoolTesting", targets: ["PoolTesting"]),
        .library(name: "ZswapfsCommand", targets: ["ZswapfsCommand"]),
        .library(name: "BenchCommand", targets: ["BenchCommand"]),
        .executable(name: "zswapfs", targets: ["zswapfs"]),
        .executable(name: "zswapfs-bench", targets: ["zswapfs-bench"]),
        // For tests only: preloaded into a daemon, to count what its serving threads call.
        .library(name: "CallCounter", type: .dynamic, targets: ["CallCounter"]),
    ],
    traits: [
        .trait(name: "LZO", description: "the compressor lzo, by liblzo2"),
        .trait(name: "Zstd", description: "the compressor zstd, by libzstd"),
        .trait(name: "Deflate", description: "the compressor deflate, by libdeflate"),
        .default(enabledTraits: ["LZO", "Zstd", "Deflate"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Without pkg-config: its search paths would come before that of our own libfuse.
        .systemLibrary(name: "CFuse", providers: [.apt(["libfuse3-dev"])]),
        .systemLibrary(name: "CLZ4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CLZO", providers: [.apt(["liblzo2-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CDeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CLinux"),

        .target(name: "ZswapCore", swiftSettings: safe),
        .plugin(name: "CommitName", capability: .buildTool()),
        .target(
            name: "ZswapVersion", dependencies: ["ZswapCore"], swiftSettings: safe,
            plugins: ["CommitName"]),
        .target(name: "Configuration", dependencies: ["ZswapCore"], swiftSettings: safe),
        .target(name: "Threads", dependencies: ["ZswapCore", "CLinux"], swiftSettings: common),
        .target(
            name: "LinuxSystem",
            dependencies: [
                "ZswapCore", "Threads", "CLinux",
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: common),
        .target(
            name: "Arena", dependencies: ["ZswapCore", "Threads", "CLinux"],
            swiftSettings: common),
        .target(
            name: "ZPool", dependencies: ["ZswapCore", "Threads", "Arena"],
            swiftSettings: common),
        .target(
            name: "Compressors",
            dependencies: [
                "ZswapCore", "CLZ4", "CXXHash",
                .target(name: "CLZO", condition: .when(traits: ["LZO"])),
                .target(name: "CZstd", condition: .when(traits: ["Zstd"])),
                .target(name: "CDeflate", condition: .when(traits: ["Deflate"])),
            ],
            swiftSettings: common),
        .target(
            name: "Backing", dependencies: ["ZswapCore", "Arena"], swiftSettings: common),
        .target(
            name: "BackingFiles",
            dependencies: [
                "ZswapCore", "Arena", "Backing", "LinuxSystem",
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: common),
        .target(
            name: "SwapStore",
            dependencies: ["ZswapCore", "Threads", "Arena", "ZPool", "Compressors", "Backing"],
            swiftSettings: safe),
        .target(
            name: "Maintenance",
            dependencies: ["ZswapCore", "Threads", "Arena", "ZPool", "Backing", "SwapStore"],
            swiftSettings: safe),
        .target(name: "Latency", dependencies: ["Threads", "LinuxSystem"], swiftSettings: safe),
        .target(
            name: "ControlTree",
            dependencies: ["ZswapCore", "SwapStore", "Maintenance", "Backing", "Latency"],
            swiftSettings: safe),
        .target(
            name: "FuseServer",
            dependencies: [
                "ZswapCore", "Threads", "SwapStore", "ControlTree", "Latency", "CFuse", "CLinux",
            ],
            swiftSettings: common, linkerSettings: libfuse),
        .target(
            name: "Advice",
            dependencies: [
                "ZswapCore", "Threads", "Arena", "ZPool", "Compressors", "SwapStore",
                "Maintenance", "LinuxSystem",
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: safe),
        .target(
            name: "ZswapfsCommand",
            dependencies: [
                "ZswapCore", "Threads", "Arena", "ZPool", "Compressors", "Backing", "BackingFiles",
                "SwapStore", "Maintenance", "ControlTree", "FuseServer", "Latency", "LinuxSystem",
                "Configuration", "ZswapVersion", "Advice",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: safe),
        .executableTarget(
            name: "zswapfs", dependencies: ["ZswapfsCommand", "ZPool"], swiftSettings: safe),

        .target(
            name: "NullFilesystem", dependencies: ["ZswapCore", "Threads", "CFuse", "CLinux"],
            swiftSettings: common, linkerSettings: libfuse),
        .target(
            name: "Experiment",
            dependencies: [
                "ZswapCore", "Threads", "Arena", "ZPool", "Compressors", "SwapStore",
                "Maintenance", "LinuxSystem", "ZswapVersion", "Advice",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: safe),
        .target(
            name: "BenchCommand",
            dependencies: [
                "ZswapCore", "Threads", "ZPool", "PoolTesting", "Experiment", "NullFilesystem",
                "LinuxSystem", "ZswapVersion", "Advice",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: safe),
        .executableTarget(
            name: "zswapfs-bench", dependencies: ["BenchCommand", "ZPool"], swiftSettings: safe),

        .target(
            name: "PoolTesting", dependencies: ["ZswapCore", "Arena", "ZPool"],
            swiftSettings: common),
        .target(
            name: "TestSupport",
            dependencies: [
                "ZswapCore", "Threads", "Arena", "ZPool", "Compressors", "Backing", "BackingFiles",
                "SwapStore", "Maintenance", "LinuxSystem", "PoolTesting", "ThreadOrder",
            ],
            path: "Tests/Support", swiftSettings: tests),
        .target(name: "CallCounter", path: "Tests/CallCounter"),
        .target(name: "ThreadOrder", path: "Tests/ThreadOrder"),
        .testTarget(name: "ZswapCoreTests", dependencies: ["ZswapCore"], swiftSettings: tests),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration"], swiftSettings: tests),
        .testTarget(
            name: "ArenaTests", dependencies: ["Arena", "ZswapCore", "PoolTesting", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "ZPoolTests",
            dependencies: ["ZPool", "Arena", "ZswapCore", "PoolTesting", "TestSupport"],
            exclude: ["Zsmalloc/Golden"], swiftSettings: tests),
        .testTarget(
            name: "CompressorsTests", dependencies: ["Compressors", "ZswapCore", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "BackingTests",
            dependencies: ["Backing", "ZswapCore", "PoolTesting", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "BackingFilesTests",
            dependencies: [
                "BackingFiles", "Backing", "LinuxSystem", "ZswapCore", "zswapfs", "TestSupport",
                "CallCounter",
            ], swiftSettings: tests),
        .testTarget(
            name: "SwapStoreTests",
            dependencies: [
                "SwapStore", "Maintenance", "Backing", "ZPool", "Compressors", "Arena", "Threads",
                "LinuxSystem", "ZswapCore", "PoolTesting", "TestSupport", "CallCounter",
            ], swiftSettings: tests),
        .testTarget(
            name: "MaintenanceTests",
            dependencies: [
                "Maintenance", "SwapStore", "Backing", "ZPool", "Compressors", "Arena",
                "LinuxSystem", "ZswapCore", "PoolTesting", "TestSupport",
            ], swiftSettings: tests),
        .testTarget(
            name: "LatencyTests",
            dependencies: ["Latency", "Arena", "LinuxSystem", "ZswapCore", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "ControlTreeTests",
            dependencies: [
                "ControlTree", "Backing", "Maintenance", "SwapStore", "ZPool", "Compressors",
                "Arena",
                "Latency", "LinuxSystem", "ZswapCore", "TestSupport",
            ], swiftSettings: tests),
        .testTarget(
            name: "FuseServerTests",
            dependencies: [
                "FuseServer", "SwapStore", "Maintenance", "ControlTree", "Latency", "LinuxSystem",
                "ZswapCore", "PoolTesting", "TestSupport",
            ],
            swiftSettings: tests),
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["zswapfs", "ZswapfsCommand", "ZswapCore", "TestSupport"],
            exclude: ["Status/Screens"], swiftSettings: tests),
        .testTarget(
            name: "PackagingTests",
            dependencies: [
                "zswapfs", "zswapfs-bench", "ZswapfsCommand", "Configuration", "LinuxSystem",
                "ZswapVersion", "ZswapCore", "TestSupport",
            ],
            swiftSettings: tests),
        .testTarget(
            name: "MountedTests",
            dependencies: ["LinuxSystem", "PoolTesting", "TestSupport", "CallCounter"],
            swiftSettings: tests),
        .testTarget(
            name: "SwapTests",
            dependencies: ["zswapfs", "ZswapfsCommand", "LinuxSystem", "ZswapCore", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "AdviceTests",
            dependencies: [
                "zswapfs", "ZswapfsCommand", "Advice", "SwapStore", "Compressors", "ZPool",
                "LinuxSystem", "ZswapCore", "TestSupport",
            ], swiftSettings: tests),
        .testTarget(
            name: "BenchTests",
            dependencies: [
                "zswapfs-bench", "zswapfs", "Experiment", "Advice", "Compressors", "ZPool",
                "LinuxSystem", "ZswapCore", "TestSupport",
            ], swiftSettings: tests),
        .testTarget(
            name: "ExampleTests", dependencies: ["zswapfs", "PoolTesting", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "FuzzTests", dependencies: fuzzed, exclude: ["Corpus", "Driver"],
            swiftSettings: tests),
        .testTarget(name: "StyleTests", dependencies: ["TestSupport"], swiftSettings: tests),
    ],
    swiftLanguageModes: [.v6]
)

/// Set by `mount-scripts/sanitize`: the tests that need no other program, and what those need.
if Context.environment["ZSWAPFS_SANITIZE"] != nil {
    leaveOut([
        "MountedTests", "SwapTests", "CommandLineTests", "BenchTests", "ExampleTests", "StyleTests",
        "PackagingTests",
        "Experiment", "NullFilesystem", "BenchCommand", "zswapfs-bench",
    ])
}

/// Set by `mount-scripts/fuzz`: a program in place of the tests, from the same files.
if Context.environment["ZSWAPFS_FUZZ"] != nil {
    leaveOut(package.targets.filter { $0.type == .test }.map(\.name))
    leaveOut(["Experiment", "NullFilesystem", "BenchCommand", "zswapfs-bench", "CallCounter"])
    package.targets.append(
        .executableTarget(
            name: "zswapfs-fuzz", dependencies: fuzzed, path: "Tests/FuzzTests",
            exclude: ["Corpus", "FuzzTests.swift"], swiftSettings: tests))
}

/// Takes targets, and the products of theirs, out of this build.
@MainActor func leaveOut(_ names: [String]) {
    package.targets.removeAll { names.contains($0.name) }
    package.products.removeAll { names.contains($0.name) }
}
