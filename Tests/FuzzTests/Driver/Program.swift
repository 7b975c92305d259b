import Glibc

/// The fuzzer: libFuzzer's loop over one target.
///
///     zswapfs-fuzz TARGET [LIBFUZZER OPTIONS…] [FILES OR DIRECTORIES…]
///
/// Built by `mount-scripts/fuzz` only, with the compiler's instrumentation.
@main enum Program {
    /// The target's function, which libFuzzer calls; it takes no context.
    nonisolated(unsafe) private static var take: FuzzTarget.Take = { _ in }

    static func main() throws {
        let name = CommandLine.arguments.dropFirst().first ?? ""
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
            exit(name == "--list" ? 0 : 2)
        }
        take = try target.prepare()
        var count = CommandLine.argc - 1
        var arguments = Optional(CommandLine.unsafeArgv + 1)
        exit(runDriver(&count, &arguments, takeInput))
    }

    private static let takeInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = {
        bytes, count in
        do {
            try take(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
            fatalError("\(error)")
        }
        return 0
    }
}

/// libFuzzer's library has no module of its own.
@_silgen_name("LLVMFuzzerRunDriver") private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<
        UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    >,
    _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
