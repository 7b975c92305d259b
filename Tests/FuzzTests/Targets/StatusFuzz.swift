@testable import ZswapfsCommand

/// The control files of another user's server, as the commands that report on mounts read them.
///
///     | text of the first file asked for | 0 | of the second | 0 | ...
///
/// Law: any text gives a report. None makes the command fail.
enum StatusFuzz {
    static func prepare() throws -> FuzzTarget.Take {
        let style = PictureStyle(columnCount: 80, isUTF8: true, hasColour: true)
        return { bytes in
            let texts = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            let status = try MountStatus(asking: HostileMount(texts))
            _ = StatusJSON.text(of: [status], [])
            let memory = try MountMemory(asking: HostileMount(texts))
            _ = PoolsJSON.text(of: [memory])
            _ = PoolsPicture(mount: memory, style: style).text
            let sample = try TopSample(asking: HostileMount(texts), at: 1)
            let screen = TopScreen(
                interval: TopInterval(sample, since: sample),
                history: TopHistory(intervalSeconds: 1), view: TopView(), intervalSeconds: 1,
                style: .init(columnCount: 80, rowCount: 24, isUTF8: true, hasStyles: true))
            _ = screen.lines
        }
    }
}

/// Answers each question with the next of its texts, and in the end with none.
private final class HostileMount: MountAnswers {
    let mountPoint = "/hostile"
    private var texts: ArraySlice<String>

    init(_ texts: [String]) { self.texts = texts[...] }

    func text(_ path: String) throws(QueryFailure) -> String { texts.popFirst() ?? "" }

    func names(_ path: String) throws(QueryFailure) -> [String] {
        try text(path).split(separator: "\n").prefix(8).map(String.init)
    }
}
