import ArgumentParser
import Experiment
import Foundation
import LinuxSystem
import ZswapCore

/// `zswapfs-bench program`: the program that `swap` swaps. Writes what it found to standard output.
struct ProgramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "program", abstract: "Be the program that is swapped.", shouldDisplay: false)

    @Option(help: "Pages of the program.")
    var pages: Int

    @Option(help: "A file of raw pages to fill it with.")
    var samples: String

    @OptionGroup var touches: TouchOptions

    @Flag(inversion: .prefixedNo, help: "Read all pages in order before that.")
    var scan = true

    @Flag(inversion: .prefixedNo, help: "Read all pages once more at the end.")
    var compare = true

    @Option(help: "The swap device.")
    var device: String

    @Option(help: "The file of a memory cgroup to enter it by.")
    var group: String

    @Option(help: "The processor to run on.")
    var pin: Int?

    func run() throws {
        if let pin { try Pinning(processor: pin).pin(process: 0) }
        // 0 is the process that writes.
        _ = try SystemText.setAttribute(group, to: "0")
        let file = try OpenFile(samples, for: .reading)
        let program = try SwappedProgram(
            pageCount: pages, samples: try PageMemory(mapping: file), touches: touches.pattern,
            scans: scan, comparesAll: compare)
        let report = try program.run(device: device)
        print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
    }
}
