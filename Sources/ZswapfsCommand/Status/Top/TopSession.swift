import LinuxSystem
import Threads

/// `zswapfs top` while it runs: looks at the mount once an interval, and shows it.
///
///     onTerminal:  look ── draw ── wait for a key, a signal, or the next look
///     asLines:     look ── write a line ── sleep
///
/// Law: the terminal is given back before the process ends, stops, or reports a failure.
struct TopSession {
    let source: TopSource
    let intervalSeconds: Double
    /// The number of intervals to show; nil: no end.
    let intervalCount: Int?

    private var intervalNanoseconds: Int64 { Int64(intervalSeconds * 1e9) }

    /// Returns when all intervals are shown, or the reader has gone away.
    func asLines() throws(CommandFailure) {
        let width = Terminal.columnCount
        func write(_ line: String) -> Bool {
            let fits = width.map { ColumnText.cut(line, to: $0, isUTF8: false) } ?? line
            return StandardOutput.write(fits + "\n")
        }
        var next = MonotonicClock.nanoseconds
        var shown = 0
        var count = 0
        while intervalCount.map({ count < $0 }) ?? true {
            next = max(next + intervalNanoseconds, MonotonicClock.nanoseconds)
            _ = DescriptorWait.readable([], milliseconds: Self.milliseconds(until: next))
            count += 1
            switch try source.look() {
            case .trouble(let words): StandardError.write("zswapfs: \(words)")
            case .interval(let interval):
                if shown.isMultiple(of: TopLines.headDistance), !write(TopLines.head) { return }
                shown += 1
                guard write(TopLines.line(of: interval)) else { return }
            }
        }
    }

    /// Returns when the user quits or all intervals are shown.
    func onTerminal() throws(CommandFailure) {
        let signals = TerminalSignals()
        let screen = TerminalScreen()
        screen.enter()
        defer { screen.leave() }
        var view = TopView()
        var state = State(history: TopHistory(intervalSeconds: intervalSeconds))
        var next = MonotonicClock.nanoseconds + min(intervalNanoseconds, Self.firstNanosecondsMax)
        var count = 0
        while true {
            draw(state, &view)
            let ready = DescriptorWait.readable(
                [signals.descriptor, screen.keyDescriptor],
                milliseconds: Self.milliseconds(until: next))
            while let arrival = signals.next() {
                switch arrival {
                case .end(let number):
                    screen.leave()
                    signals.end(by: number)
                case .stop:
                    screen.leave()
                    signals.stop()
                    screen.enter()
                case .redraw: screen.enter()
                }
            }
            if ready[1] {
                guard let keys = screen.keys() else { return }
                view.take(keys)
                if !view.isPaused { state.shown = state.latest }
            }
            if view.isEnded { return }
            guard MonotonicClock.nanoseconds >= next else { continue }
            state.take(try source.look(), isPaused: view.isPaused)
            next = max(next, MonotonicClock.nanoseconds) + intervalNanoseconds
            count += 1
            if let intervalCount, count >= intervalCount {
                draw(state, &view)
                return
            }
        }
    }

    /// The first figures come soon, however long the interval is.
    private static let firstNanosecondsMax: Int64 = 1_000_000_000

    /// The figures that are there.
    private struct State {
        /// An interval and the rates up to it.
        struct Figures {
            let interval: TopInterval
            let history: TopHistory
        }

        var history: TopHistory
        var latest: Figures?
        /// As long as the view is paused, older than the latest.
        var shown: Figures?
        var trouble: String?

        init(history: TopHistory) { self.history = history }

        mutating func take(_ result: TopSource.Result, isPaused: Bool) {
            switch result {
            case .trouble(let words): trouble = words
            case .interval(let interval):
                trouble = nil
                history.add(interval)
                latest = Figures(interval: interval, history: history)
                if !isPaused { shown = latest }
            }
        }
    }

    private func draw(_ state: State, _ view: inout TopView) {
        let style = TopScreen.Style.ofOutput
        var lines = [TopScreen.Line(text: state.trouble ?? "zswapfs top: measuring")]
        if let shown = state.shown {
            let screen = TopScreen(
                interval: shown.interval, history: shown.history, view: view,
                trouble: state.trouble, intervalSeconds: intervalSeconds, style: style)
            view.firstArea = screen.firstArea
            lines = screen.lines
        }
        _ = StandardOutput.write(TopFrame.text(of: lines, style))
    }

    private static func milliseconds(until time: Int64) -> Int {
        Int(max(time - MonotonicClock.nanoseconds, 0) + 999_999) / 1_000_000
    }
}

extension TopScreen.Style {
    /// The terminal of standard output: its size at this moment.
    static var ofOutput: TopScreen.Style {
        TopScreen.Style(
            columnCount: min(max(Terminal.columnCount ?? 80, 20), 200),
            rowCount: max(Terminal.rowCount ?? 24, 1), isUTF8: Terminal.takesUTF8,
            hasStyles: Terminal.variable("NO_COLOR") == nil)
    }
}
