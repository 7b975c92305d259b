import Foundation
import TestSupport
import Testing

/// Copies of control files by programs that trust a size, or that read by way of the page cache.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct ControlCopyTests {
        /// A mount whose longest file is more than a few pages long.
        private func makeMount(_ transport: String) throws -> TemporaryMount {
            let mount = try TemporaryMount("transport=\(transport)")
            for number in 0..<8 { try mount.open("area-\(number)").write([1], at: 0) }
            return mount
        }

        /// Numbers may change from copy to copy; everything else may not.
        private func shape(_ text: some Collection<UInt8>) -> String {
            String(decoding: text, as: UTF8.self)
                .replacing(/[0-9]+/, with: "0")
        }

        private func bytes(_ path: String) throws -> [UInt8] {
            Array(try Data(contentsOf: URL(filePath: path)))
        }

        @Test(arguments: MountHost.transports) func sizesAreThoseOfTheTexts(transport: String)
            throws
        {
            let mount = try makeMount(transport)
            let (_, files) = try SwapHost.run(
                "find", [mount.path("params"), mount.path("stats"), "-type", "f", "-perm", "-444"])
            var longest = 0
            for file in files.split(separator: "\n") {
                let file = try MountedFile(String(file), O_RDONLY)
                let status = try file.status()
                let count = try file.read(at: 0, count: 1 << 20).count
                #expect(status.st_size == count, "\(file.path)")
                #expect(status.st_blocks == (count + 511) / 512, "\(file.path)")
                #expect(lseek(file.descriptor, 0, SEEK_END) == count)
                #expect(lseek(file.descriptor, 0, MountedFile.seekData) == 0)
                #expect(lseek(file.descriptor, 0, MountedFile.seekHole) == count)
                #expect(lseek(file.descriptor, off_t(count), MountedFile.seekData) == -1)
                longest = max(longest, count)
            }
            #expect(longest > 3 * 4096)
            #expect(try SystemCall.status(mount.path("params/compact")).st_size == 0)
        }

        @Test(
            arguments: MountHost.transports,
            [
                "cp --sparse=never \"$0\" \"$1\"", "cp --sparse=always \"$0\" \"$1\"",
                "cp \"$0\" \"$1\"", "dd if=\"$0\" of=\"$1\" bs=1000 status=none",
                "head -c -0 \"$0\" > \"$1\"", "tail -n +1 \"$0\" > \"$1\"",
                "tail -c +1 \"$0\" > \"$1\"", "install \"$0\" \"$1\"",
                "tar cf - -C / \"${0#/}\" | tar xOf - > \"$1\"",
                "tar cSf - -C / \"${0#/}\" | tar xOf - > \"$1\"",
                "head -c $(stat -c %s \"$0\") \"$0\" > \"$1\"",
            ])
        func everyCopyIsWhole(transport: String, command: String) throws {
            let mount = try makeMount(transport)
            let directory = try TemporaryDirectory()
            for name in ["stats/metrics", "stats/summary", "params/zpool"] {
                let copy = directory.path + "/copy"
                let outcome = try ProgramRun.finish(
                    "/bin/bash", ["-c", command, mount.path(name), copy])
                #expect(outcome.status == 0, "\(outcome)")
                let original = try mount.control(name) + "\n"
                #expect(try shape(bytes(copy)) == shape(original.utf8), "\(name)")
            }
        }

        @Test(arguments: MountHost.transports)
        func theKernelCopiesAllOfIt(transport: String) throws {
            let mount = try makeMount(transport)
            let whole = try mount.control("stats/metrics") + "\n"
            let directory = try TemporaryDirectory()
            // By sendfile, without having asked for the size.
            let source = try MountedFile(mount.path("stats/metrics"), O_RDONLY)
            let target = try MountedFile(directory.path + "/sent")
            while Glibc.sendfile(target.descriptor, source.descriptor, nil, 1 << 20) > 0 {}
            #expect(try shape(bytes(target.path)) == shape(whole.utf8))
            // Through memory.
            let mapped = try MountedFile(mount.path("stats/metrics"), O_RDONLY)
            let size = Int(try mapped.status().st_size)
            let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, mapped.descriptor, 0)
            let start = try #require(memory == MAP_FAILED ? nil : memory)
            let text = shape(UnsafeRawBufferPointer(start: start, count: size))
            munmap(start, size)
            #expect(text == shape(whole.utf8))
            // Into an area of the same mount.
            let (status, _) = try SwapHost.run(
                "cp", ["--sparse=never", mount.path("stats/metrics"), mount.path("area-0")])
            #expect(status == 0)
            #expect(try shape(bytes(mount.path("area-0"))) == shape(whole.utf8))
        }

        /// While the texts change, and many read them.
        @Test(arguments: MountHost.transports)
        func copiesOfChangingTextsAreWhole(transport: String) throws {
            let mount = try makeMount(transport)
            let directory = try TemporaryDirectory()
            let script = """
                for i in $(seq 40); do
                  cp --sparse=never "$0/stats/metrics" "$1" && tail -n 1 "$1" | grep -q ' [0-9]*$' \
                    && [ -z "$(tail -c 1 "$1")" ] || exit 1
                done
                """
            let copiers = try (0..<3).map { number in
                try ProgramRun(
                    "/bin/bash", ["-c", script, mount.path, "\(directory.path)/\(number)"])
            }
            let area = try mount.open("area-1")
            var page = 0
            while copiers.contains(where: \.isRunning), page < 200_000 {
                try area.write([UInt8(page % 251 + 1)], at: page * 4096)
                page += 1
            }
            for copier in copiers { #expect(copier.wait(seconds: 60)?.status == 0) }
        }

        @Test func textsOfManyOpenFilesTakeLittle() throws {
            let mount = try makeMount("dev")
            let before = try SystemCall.status(mount.path("stats/metrics")).st_ino
            let area = try mount.open("area-1")
            var files: [MountedFile] = []
            var size = 0
            for number in 0..<1400 {
                if number % 2 == 0 { try area.write([1], at: number * 4096) }
                let file = try MountedFile(mount.path("stats/metrics"), O_RDONLY)
                size = max(size, Int(try file.status().st_size))
                #expect(try file.status().st_ino == before)
                files.append(file)
            }
            #expect(size * 700 > 8 << 20)
            #expect(try mount.number("stats/control_text_size") <= 8 << 20)
            // The newest can be read, and the oldest says that it went.
            #expect(try files[1399].read(at: 0, count: 1 << 20).count > 4096)
            #expect(SystemCall.errno { _ = try files[0].read(at: 0, count: 1 << 20) } == ESTALE)
            files = []
        }
    }
}
