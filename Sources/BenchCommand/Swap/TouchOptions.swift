import ArgumentParser
import Experiment

/// The options that choose the pages that the swapped program touches.
struct TouchOptions: ParsableArguments {
    @Option(help: "Pages it touches in its last phase.")
    var touches = 200_000

    @Option(help: "Pages that are hot at a time, in percent; 100: all alike.")
    var hot = 10

    @Option(help: "Touches that go to hot pages only, in percent; the others go anywhere.")
    var hotTouches = 90

    @Option(help: "How often the hot pages become others.")
    var moves = 1

    @Option(help: "Touches that write, in percent.")
    var writes = 25

    func validate() throws {
        guard touches >= 0 else { throw ValidationError("--touches \(touches): not negative") }
        guard (1...100).contains(hot) else { throw ValidationError("--hot \(hot): 1 to 100") }
        guard (0...100).contains(hotTouches) else {
            throw ValidationError("--hot-touches \(hotTouches): 0 to 100")
        }
        guard (0...1000).contains(moves) else {
            throw ValidationError("--moves \(moves): 0 to 1000")
        }
        guard (0...100).contains(writes) else {
            throw ValidationError("--writes \(writes): 0 to 100")
        }
    }

    var pattern: TouchPattern {
        var pattern = TouchPattern(count: touches)
        pattern.hotPagePercent = hot
        pattern.hotTouchPercent = hotTouches
        pattern.moveCount = moves
        pattern.writePercent = writes
        return pattern
    }

    /// The options that mean this pattern.
    static func arguments(for pattern: TouchPattern) -> [String] {
        [
            "--touches", "\(pattern.count)", "--hot", "\(pattern.hotPagePercent)", "--hot-touches",
            "\(pattern.hotTouchPercent)", "--moves", "\(pattern.moveCount)", "--writes",
            "\(pattern.writePercent)",
        ]
    }
}
