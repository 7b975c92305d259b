// swift-tools-version: 6.2
import PackageDescription

// A pool driver in a package of its own, with its tests, a zswapfs and a benchmark that know it.
// Docs/Writing-a-Pool.md of zswapfs goes through it.
let package = Package(
    name: "firstfit",
    dependencies: [
        // By path, since this package lies inside zswapfs. A clone beside yours does as well. A
        // version or a branch does not: zswapfs says with unsafeFlags where its libfuse may be, and
        // SwiftPM takes those from paths only.
        .package(name: "zswapfs", path: "../../..")
    ],
    targets: [
        .target(
            name: "FirstFit",
            dependencies: [
                .product(name: "ZswapCore", package: "zswapfs"),
                .product(name: "Arena", package: "zswapfs"),
                .product(name: "ZPool", package: "zswapfs"),
            ]),
        .executableTarget(
            name: "example-zswapfs",
            dependencies: [
                "FirstFit",
                .product(name: "ZPool", package: "zswapfs"),
                .product(name: "ZswapfsCommand", package: "zswapfs"),
            ]),
        .executableTarget(
            name: "example-bench",
            dependencies: [
                "FirstFit",
                .product(name: "ZPool", package: "zswapfs"),
                .product(name: "BenchCommand", package: "zswapfs"),
            ]),
        .testTarget(
            name: "FirstFitTests",
            dependencies: [
                "FirstFit",
                .product(name: "PoolTesting", package: "zswapfs"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
