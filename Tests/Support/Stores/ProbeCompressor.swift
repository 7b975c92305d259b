public import Arena
public import Compressors
import Synchronization
import ZswapCore

/// lz4 that watches what it is lent: whether any of it lies in an arena, and whether it changes
/// while something else happens in the middle of a call.
///
///     probe.disturb(onNext: .decompress) { … }   ── next call: look, { … }, look again ──► faults
public struct ProbeCompressor: Compressor {
    /// The compressor's name.
    public let name = "probe"
    private let probe: CodecProbe

    /// A compressor that tells the probe.
    public init(_ probe: CodecProbe) { self.probe = probe }

    /// A codec around one of lz4.
    public func makeCodec(level: Int) throws(CompressorError) -> any Codec {
        let lz4 = LZ4Compressor()
        return ProbeCodec(try lz4.makeCodec(level: lz4.level(for: nil)), probe)
    }
}

/// The observations of the codecs of a ``ProbeCompressor``.
public final class CodecProbe: Sendable {
    /// A call of a codec.
    public enum Call: Sendable { case compress, decompress }

    private struct State {
        var arena: Arena?
        var counts: [Call: Int] = [:]
        var disturbances: [Call: @Sendable () -> Void] = [:]
        var faults: [String] = []
    }
    private let state = Mutex(State())

    /// A probe that saw nothing.
    public init() {}

    /// Nothing that codecs are lent may lie in this arena.
    public func watch(_ arena: Arena) { state.withLock { $0.arena = arena } }

    /// Calls `body` once, in the middle of the next `call`.
    public func disturb(onNext call: Call, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.disturbances[call] = body }
    }

    /// Calls of this kind.
    public func count(_ call: Call) -> Int { state.withLock { $0.counts[call, default: 0] } }

    /// The violations of the law.
    public var faults: [String] { state.withLock { $0.faults } }

    fileprivate func look(at bytes: RawSpan, _ call: Call) {
        let (arena, disturb) = state.withLock { state in
            state.counts[call, default: 0] += 1
            return (state.arena, state.disturbances.removeValue(forKey: call))
        }
        if arena?.overlaps(bytes) == true { note("\(call) reads the arena") }
        let before = bytes.withUnsafeBytes { Array($0) }
        disturb?()
        let after = bytes.withUnsafeBytes { Array($0) }
        if before != after { note("\(call) saw its input change") }
    }

    private func note(_ fault: String) { state.withLock { $0.faults.append(fault) } }
}

private final class ProbeCodec: Codec {
    private let codec: any Codec
    private let probe: CodecProbe

    init(_ codec: any Codec, _ probe: CodecProbe) {
        self.codec = codec
        self.probe = probe
    }

    var byteCount: Int { codec.byteCount }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        probe.look(at: page, .compress)
        return codec.compress(page, into: &output)
    }

    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        probe.look(at: object, .decompress)
        return codec.decompress(object, into: &page)
    }
}
