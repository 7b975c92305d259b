import Compressors
import ZswapCore

/// A compressor that returns what the test sets: for results that no sound compressor gives.
struct TestCompressor: Compressor {
    enum Act: Sendable {
        case say(CompressionResult)
        case sayLevel
        case enterAgain(ScratchBox)
        /// Runs this in both calls, which then succeed; `decompress` takes the object along.
        case run(@Sendable () -> Void)
    }

    let name: String
    var act = Act.say(.failed)
    var levels: CompressorLevels?

    func makeCodec(level: Int) throws(CompressorError) -> any Codec {
        TestCodec(act: act, level: level)
    }
}

final class TestCodec: Codec {
    static let byteCount = 1 << 20

    private let act: TestCompressor.Act
    private let level: Int

    init(act: TestCompressor.Act, level: Int) {
        self.act = act
        self.level = level
    }

    var byteCount: Int { Self.byteCount }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        switch act {
        case .say(let result): return result
        case .sayLevel: return .compressed(byteCount: level)
        case .enterAgain(let box):
            return box.scratch?.compress(page, with: 0, limit: output.byteCount) ?? .failed
        case .run(let body):
            body()
            return .compressed(byteCount: 1)
        }
    }

    /// Copies the object and what may be read behind it to the page's begin, after the act.
    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        guard case .run(let body) = act else { return false }
        body()
        object.withUnsafeBytes { bytes in
            let readable = UnsafeRawBufferPointer(
                start: bytes.baseAddress, count: bytes.count + CodecScratch.tailByteCount)
            page.withUnsafeMutableBytes { $0.copyBytes(from: readable.prefix($0.count)) }
        }
        return true
    }
}

/// A reference from a test codec to the scratch it belongs to.
final class ScratchBox: @unchecked Sendable {
    // Unchecked: one thread only.
    var scratch: CodecScratch?
}
