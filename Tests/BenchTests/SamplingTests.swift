import Experiment
import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A sample stands for the whole: which pages are taken, and what is told of them.
extension BenchTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct SamplingTests {
        /// MiB of each kind of content in a mixed whole.
        private static let partMebibytes = 12

        @Test func onePageOfEachEqualStretch() throws {
            let sampling = PageSampling(pageCountMax: 256, seed: 7)
            for whole in [257, 300, 511, 512, 513, 100_000, 1 << 52] {
                let pages = sampling.pages(of: whole)
                #expect(pages.count == 256)
                #expect(pages == sampling.pages(of: whole), "the seed decides")
                #expect(zip(pages, pages.dropFirst()).allSatisfy { $0 < $1 })
                let (width, longCount) = whole.quotientAndRemainder(dividingBy: 256)
                for (index, page) in pages.enumerated() {
                    let start = index * width + min(index, longCount)
                    #expect((start...start + width).contains(page), "\(whole): \(index)")
                }
                #expect(try #require(pages.last) < whole)
            }
            #expect(
                sampling.pages(of: 100_000) != PageSampling(pageCountMax: 256).pages(of: 100_000))
            #expect(sampling.pages(of: 0) == [])
            #expect(sampling.pages(of: 256) == Array(0..<256))
            #expect(sampling.pages(of: Int.max).count == 256)
        }

        /// Random bytes first, then text, code and zeros: what lies first is not the whole.
        @Test func aFileOfMixedMemory() throws {
            let file = TemporaryFile("mixed-\(UInt32.random(in: .min ... .max))")
            let byteCount = Self.partMebibytes << 20
            let program = try #require(BuiltProgram.bench)
            let code = try Data(contentsOf: URL(fileURLWithPath: program), options: .alwaysMapped)
            var bytes = Data()
            for seed in 0..<byteCount / 4096 {
                bytes += PageContent.incompressible(UInt64(seed))
            }
            var number = 0
            while bytes.count < 2 * byteCount {
                bytes += Data("line \(number): \(number &* 7919) and some words\n".utf8)
                number += 1
            }
            bytes = bytes.prefix(2 * byteCount) + code.prefix(byteCount)
            bytes += Data(count: byteCount)
            try bytes.write(to: URL(fileURLWithPath: file.path))
            try checkSample(of: [file.path])
        }

        @Test func aProcessOfMixedMemory() throws {
            let program = try #require(BuiltProgram.bench)
            let script = """
                import os, sys, time
                n = \(Self.partMebibytes << 20)
                parts = [bytearray(os.urandom(n))]
                line = "line %d: %d and some words\\n"
                text = "".join(line % (i, i * 7919) for i in range(n // 20))
                parts.append(bytearray(text.encode()[:n]))
                parts.append(bytearray(open(sys.argv[1], "rb").read(n)))
                zeros = bytearray(b"x" * n)
                zeros[:] = bytes(n)
                parts.append(zeros)
                print("filled", file=sys.stderr, flush=True)
                time.sleep(100)
                """
            let process = try ProgramRun(
                "/usr/bin/env", ["python3", "-c", script, program])
            try #require(process.says("filled", seconds: 60), "\(process.errorText)")
            try checkSample(of: ["--pid", "\(process.identifier)"])
        }

        private func measure(_ source: [String], _ sample: String) throws -> [String: Any] {
            let outcome = try Bench.run(
                ["pages"] + source + [
                    "--sample", sample, "--seed", "5", "--json", "--repeat", "1", "--threads", "1",
                    "--compressor", "lz4",
                ])
            #expect(outcome.status == 0, "\(outcome)")
            let said = try #require(try Bench.conditions(outcome)["sample"])
            #expect(said.contains(sample == "1G" ? "all " : "seed 5"), "\(said)")
            return try #require(
                try Bench.results(outcome).first { $0["zpool"] as? String == "zsmalloc" })
        }

        private func checkSample(of source: [String]) throws {
            let whole = try measure(source, "1G")
            let sample = try measure(source, "16M")
            let wholeCount = try #require(whole["page_count"] as? Int)
            #expect(wholeCount >= 4 * Self.partMebibytes << 8)
            #expect(sample["page_count"] as? Int == 4096)
            let told = try #require(sample["whole_page_count"] as? Int)
            #expect(abs(told - wholeCount) <= wholeCount / 100)
            for name in ["ratio", "ratio_without_zeros"] {
                let (all, some) = try (
                    #require(whole[name] as? Double), #require(sample[name] as? Double)
                )
                #expect(abs(some / all - 1) < 0.03, "\(name): \(some), of all \(all)")
            }
            let zeros = try #require(whole["zero_pages"] as? Int)
            #expect(zeros >= Self.partMebibytes << 8)
            let share = Double(zeros) / Double(wholeCount)
            let sampled = Double(try #require(sample["zero_pages"] as? Int)) / 4096
            #expect(abs(sampled - share) < 0.02)
        }
    }
}
