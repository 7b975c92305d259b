import Foundation
import TestSupport
import Testing

/// The units that the generator makes of a configuration file, and the template that they are
/// instances of.
@Suite(.enabled(if: BuiltProgram.zswapfs != nil, "needs the built zswapfs"))
struct GeneratorTests {
    private static let system = BuiltProgram.packagePath + "/mount-scripts/parts/system/"
    private static let unit = "/usr/lib/systemd/system/zswapfs@.service"
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func generate(_ text: String) throws -> ProgramRun.Outcome {
        let file = directory.path("zswapfs.conf")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return try BuiltProgram.run([
            "systemd-generator", directory.path("units"), "--unit", Self.unit, "--config", file,
        ])
    }

    private func files() -> [String] {
        let place = directory.path("units")
        return (FileManager.default.subpaths(atPath: place) ?? []).filter {
            $0.contains(".service")
        }
        .sorted()
    }

    @Test func eachMountIsAnInstance() throws {
        let outcome = try generate(
            "[main]\n[main/swap]\n[other]\nat_boot = no\nmount_point = /mnt/a \"b\" 5%\n"
                + "backing = /var/back\n")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
        #expect(
            files() == [
                "swap.target.wants/zswapfs@main.service", "zswapfs@main.service.d",
                "zswapfs@main.service.d/paths.conf", "zswapfs@other.service.d",
                "zswapfs@other.service.d/paths.conf",
            ])
        let link = directory.path("units/swap.target.wants/zswapfs@main.service")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == Self.unit)
        let drop = directory.path("units/zswapfs@other.service.d/paths.conf")
        let text = try String(contentsOfFile: drop, encoding: .utf8)
        #expect(text.contains(#"RequiresMountsFor="/mnt/a \"b\" 5%%" "/var/back""#), "\(text)")
    }

    @Test func aMistakeMakesNoUnit() throws {
        let outcome = try generate("[main]\n[main/swap]\nsize = big\n")
        #expect(outcome.refuses(64, "zswapfs.conf:3: size = big"), "\(outcome)")
        #expect(files().isEmpty)
    }

    @Test func onlyWhatIsReadableIsRead() throws {
        try FileManager.default.createDirectory(
            atPath: directory.path("folder"), withIntermediateDirectories: false)
        for (name, status) in [("none", 66), ("folder", 1)] as [(String, Int32)] {
            let outcome = try BuiltProgram.run([
                "start", "--check", "--config", directory.path(name),
            ])
            #expect(outcome.refuses(status, directory.path(name)), "\(outcome)")
        }
        let file = directory.path("bytes")
        try Data([0x5b, 0x61, 0x5d, 0x0a, 0xff, 0x3d, 0x31, 0x0a]).write(
            to: URL(filePath: file))
        let outcome = try BuiltProgram.run(["start", "--check", "--config", file])
        #expect(outcome.refuses(64, "\(file):2: not UTF-8"), "\(outcome)")
    }

    /// By systemd itself, in a root that has nothing but the units and a command.
    @Test(
        .enabled(
            if: SwapHost.has("systemd-analyze")
                && FileManager.default.fileExists(
                    atPath: "/usr/lib/systemd/system/swap.target"),
            "needs systemd-analyze and the units of systemd"))
    func systemdFindsNothingWrong() throws {
        let root = try directory.makeDirectory("root")
        let units = root + "/usr/lib/systemd/system"
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: root + "/usr/lib/systemd", withIntermediateDirectories: true)
        try manager.copyItem(atPath: "/usr/lib/systemd/system", toPath: units)
        try manager.createDirectory(atPath: root + "/usr/bin", withIntermediateDirectories: true)
        for name in ["/usr/bin/zswapfs", "/usr/lib/zswapfs/textfile.sh"] {
            try manager.createDirectory(
                atPath: (root + name as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            try manager.copyItem(atPath: "/bin/true", toPath: root + name)
        }
        for name in ["zswapfs@.service", "zswapfs-metrics.service", "zswapfs-metrics.timer"] {
            let text = try String(contentsOfFile: Self.system + name, encoding: .utf8)
                .replacingOccurrences(of: "@prefix@", with: "/usr")
            try text.write(toFile: "\(units)/\(name)", atomically: true, encoding: .utf8)
        }
        for name in ["zswapfs@main.service", "zswapfs-metrics.timer"] {
            let outcome = try ProgramRun.finish(
                "/usr/bin/env",
                ["systemd-analyze", "--root=\(root)", "--man=no", "verify", name], seconds: 60)
            let ours = (outcome.output + outcome.errors).split(separator: "\n")
                .filter { $0.contains("zswapfs") }
            #expect(outcome.status == 0 && ours.isEmpty, "\(outcome)")
        }
    }
}
