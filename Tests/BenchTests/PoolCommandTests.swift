import Advice
import Experiment
import Foundation
import TestSupport
import Testing
import ZPool

/// `pages` and `scale`: what they measure is checked, not how long it takes.
extension BenchTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct PoolCommandTests {
        /// A file of pages that compress to a few hundred bytes.
        private func corpus(_ name: String) throws -> TemporaryFile {
            let file = TemporaryFile("\(name)-\(UInt32.random(in: .min ... .max))")
            var bytes: [UInt8] = []
            for seed in 0..<64 as Range<UInt64> {
                bytes += PageContent.compressible(seed).prefix(700)
                bytes += [UInt8](repeating: 0, count: 4096 - 700)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: file.path))
            return file
        }

        /// 64 pages that compress to a hundred bytes and up, each to another size.
        private func corpusOfAllSizes(_ name: String) throws -> TemporaryFile {
            let file = TemporaryFile("\(name)-\(UInt32.random(in: .min ... .max))")
            var bytes: [UInt8] = []
            for seed in 0..<64 as Range<UInt64> {
                let content = Int(seed) * 40 + 100
                bytes += PageContent.incompressible(seed).prefix(content)
                bytes += [UInt8](repeating: 0, count: 4096 - content)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: file.path))
            return file
        }

        @Test func pagesMeasuresEveryPoolAndCompressor() throws {
            let file = try corpus("pages")
            let outcome = try Bench.run(
                ["pages", file.path, "--json", "--repeat", "1", "--threads", "2"])
            #expect(outcome.status == 0, "\(outcome)")
            let results = try Bench.results(outcome)
            let zpools = Set(results.compactMap { $0["zpool"] as? String })
            #expect(zpools == Set(ZpoolRegistry.standard().types))
            let compressors = Set(results.compactMap { $0["compressor"] as? String })
            #expect(compressors == Set(CompressorChoice.all.map(\.description)))
            for result in results {
                #expect(result["page_count"] as? Int == 64)
                let poolByteCount = result["pool_bytes"] as? Int ?? 0
                let objectByteCount = result["object_bytes"] as? Int ?? 0
                #expect(objectByteCount > 64 * 100 && objectByteCount < 64 * 1000)
                #expect(poolByteCount >= objectByteCount)
                let ratio = result["ratio"] as? Double ?? 0
                #expect(abs(ratio - 64 * 4096 / Double(poolByteCount)) < 1e-9)
                for name in ["store_ns", "load_ns", "bare_store_ns", "bare_load_ns"] {
                    #expect(result[name] as? Double ?? 0 > 0, "\(name)")
                }
                let threads = result["threads"] as? [[String: Any]] ?? []
                #expect(threads.compactMap { $0["count"] as? Int } == [2])
            }
            let table = try Bench.run([
                "pages", file.path, "--repeat", "1", "--threads", "1", "--compressor", "lz4hc:3",
                "--compressor", "lz4:-2",
            ])
            #expect(table.output.contains("lz4hc:3") && table.output.contains("lz4:-2"))
            #expect(table.output.contains("zsmalloc"), "\(table)")
        }

        @Test func pagesTakesALiveProcess() throws {
            let process = try ProgramRun(
                "/usr/bin/env",
                [
                    "python3", "-c",
                    """
                    import sys, time
                    l = list(range(200000))
                    print("filled", file=sys.stderr, flush=True)
                    time.sleep(60)
                    """,
                ])
            try #require(process.says("filled"), "\(process.errorText)")
            let outcome = try Bench.run(
                [
                    "pages", "--pid", "\(process.identifier)", "--json", "--repeat", "1",
                    "--compressor", "lz4",
                ])
            #expect(outcome.status == 0, "\(outcome)")
            let results = try Bench.results(outcome)
            #expect(results.first?["page_count"] as? Int ?? 0 > 100)
            #expect(results.first?["pages"] as? String == "process \(process.identifier)")
        }

        @Test func scaleMeasuresPagesAndAreas() throws {
            let file = try corpus("scale")
            let outcome = try Bench.run(
                [
                    "scale", "--corpus", file.path, "--pages-max", "10000", "--repeat", "1",
                    "--json",
                ])
            #expect(outcome.status == 0, "\(outcome)")
            let results = try Bench.results(outcome)
            #expect(results.count == 8)
            #expect(Set(results.compactMap { $0["worker_count"] as? Int }) == [1, 2])
            let areas = Set(results.compactMap { $0["area_bytes"] as? Int })
            #expect(areas == [1 << 30, 32 << 30, 64 << 30, 1 << 40])
            for result in results {
                for name in ["store_ns", "overwrite_ns", "load_ns", "discard_ns"] {
                    #expect(result[name] as? Double ?? 0 > 0, "\(name)")
                }
            }
        }

        @Test func densityMeasuresEveryPool() throws {
            let file = try corpusOfAllSizes("density")
            let outcome = try Bench.run(["density", file.path, "--copies", "40", "--json"])
            #expect(outcome.status == 0, "\(outcome)")
            let results = try Bench.results(outcome)
            #expect(
                results.compactMap { $0["zpool"] as? String } == ZpoolRegistry.standard().types)
            for result in results {
                #expect(result["page_count"] as? Int == 64 * 40)
                for name in ["new", "written_over", "settled"] {
                    let density = result[name] as? Double ?? 0
                    #expect(density > 0.1 && density <= 1, "\(name)")
                }
                #expect(result["metadata_by_payload"] as? Double ?? -1 > 0)
                let loads = result["quiet_load_ns"] as? [String: Any]
                #expect(loads?["p50"] as? Int ?? 0 > 0)
            }
            let busy = results.first { $0["zpool"] as? String == "zsmalloc" }
            #expect(busy?["compacting_load_ns"] != nil, "half of all objects are gone")
        }

        @Test func allocateMeasuresEveryPool() throws {
            let file = try corpusOfAllSizes("allocate")
            let outcome = try Bench.run(
                [
                    "allocate", "--corpus", file.path, "--live", "2000", "--pairs", "1000",
                    "--repeat", "1", "--json",
                ])
            #expect(outcome.status == 0, "\(outcome)")
            let results = try Bench.results(outcome)
            #expect(
                results.compactMap { $0["zpool"] as? String } == ZpoolRegistry.standard().types)
            for result in results {
                #expect(result["live_objects"] as? Int == 2000)
                for name in ["pair_ns", "warm_pair_ns", "free_list_pair_ns"] {
                    #expect(result[name] as? Double ?? 0 > 0, "\(name)")
                }
            }
        }

        @Test func migrateMovesEveryPage() throws {
            let file = try corpusOfAllSizes("migrate")
            let outcome = try Bench.run([
                "migrate", "--corpus", file.path, "--size", "2M", "--to-zpool", "zbud",
                "--repeat", "1", "--json",
            ])
            #expect(outcome.status == 0, "\(outcome)")
            let results = try Bench.results(outcome)
            #expect(results.count == 1)
            for result in results {
                #expect(result["page_count"] as? Int == 512)
                #expect(result["pool_bytes_before"] as? Int ?? 0 > 0)
                #expect(result["pool_bytes_after"] as? Int ?? 0 > 0)
                for name in ["background_s", "full_speed_back_s"] {
                    #expect(result[name] as? Double ?? 0 > 0, "\(name)")
                }
                for name in ["quiet_load_ns", "migrating_load_ns"] {
                    let loads = result[name] as? [String: Any]
                    #expect(loads?["p50"] as? Int ?? 0 > 0, "\(name)")
                }
            }
            #expect(try Bench.conditions(outcome)["to"] == "zbud, chain 8, lz4")
        }

        @Test func scaleTakesAnotherPool() throws {
            let file = try corpus("scale-zbud")
            let outcome = try Bench.run(
                [
                    "scale", "--corpus", file.path, "--pages-max", "10000", "--repeat", "1",
                    "--json", "--zpool", "zbud",
                ])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try Bench.conditions(outcome)["zpool"] == "zbud")
        }

        @Test(arguments: [
            (["pages", "/nonexistent/pages"], "/nonexistent/pages"),
            (["pages", "--pid", "0"], "--pid 0"), (["pages", "--pid", "999999999"], "999999999"),
            (["pages", "--pid", "1", "file"], "not together"),
            (["pages", "--threads", "0"], "--threads 0"),
            (["pages", "--repeat", "0"], "--repeat 0"),
            (["pages", "--sample", "1"], "--sample 1"),
            (["pages", "--sample", "17G"], "--sample 17G"),
            (["pages", "--sample", "much"], "--sample much"),
            (["density", "--copies", "0"], "--copies 0"),
            (["density", "--overwrite", "0"], "--overwrite 0"),
            (["density", "--compressor", "zip"], "--compressor zip"),
            (["pages", "--compressor", "lz4hc:10"], "--compressor lz4hc:10"),
            (["pages", "--compressor", "lz4hc:x"], "--compressor lz4hc:x"),
            (["allocate", "--live", "1"], "--live 1"),
            (["allocate", "--pairs", "0"], "--pairs 0"),
            (["scale", "--zpool", "nosuch"], "zbud"),
            (["migrate"], "--to-zpool"), (["migrate", "--to-chain", "17"], "--to-chain 17"),
            (["migrate", "--to-zpool", "nosuch"], "--to-zpool nosuch"),
            (["migrate", "--to-compressor", "zip"], "--to-compressor zip"),
            (["migrate", "--to-zpool", "zbud", "--size", "1"], "--size 1"),
            (["migrate", "--to-zpool", "zbud", "--size", "much"], "--size much"),
            (["scale", "--pages-max", "9999"], "--pages-max 9999"),
            (["scale", "--pages-max", "99999999"], "--pages-max 99999999"),
        ])
        func wrongOptionsAreNamed(arguments: [String], word: String) throws {
            let outcome = try Bench.run(arguments)
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains(word), "\(outcome)")
            #expect(outcome.output.isEmpty)
        }
    }
}
