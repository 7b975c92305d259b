public import Latency
public import Maintenance
import SwapStore
import Synchronization
public import ZswapCore

/// The control files of a mount: what `params` and `stats` hold, by path.
///
///     path --> row of the table (and the area's or pool's name in it) --> its read or write
///
/// Laws:
/// - Nothing is kept here but the last refusal: every read asks the store or its maintenance, every
///   write is one call to one of them.
/// - A refused write changes nothing, and its error says what was written, what could have been,
///   and where.
/// - A row's directories exist because it does.
/// Price: a search of some fifty rows and a few strings; not for serving pages.
public final class ControlTree: Sendable {
    /// The directories at the top of the mount that belong to the tree.
    public static let roots: [ByteText] = ["params", "stats"]

    /// Every control file, in the order of listing.
    public static let rows: [ControlRow] =
        parameterRows + areaParameterRows + statisticsRows

    /// The journal of refused writes.
    public let journal = ControlJournal()
    let store: SwapStore
    private let maintenance: Maintenance
    /// Held while settings are kept for a successor.
    let keeping = Mutex<Void>(())
    private let latency: LatencyControl
    private let requests: RequestLatencies
    private let facts: @Sendable () -> ControlFacts
    private let freshFacts: @Sendable () -> ControlFacts

    /// Creates the tree of a store, by its maintenance, its latency control and the times of its
    /// requests. `facts` is called
    /// on each read that shows them, `freshFacts` on the few reads that must show the present
    /// state.
    public init(
        of maintenance: Maintenance, latency: LatencyControl = .absent(),
        requests: RequestLatencies = RequestLatencies(),
        facts: @escaping @Sendable () -> ControlFacts = { ControlFacts() },
        freshFacts: (@Sendable () -> ControlFacts)? = nil
    ) {
        self.maintenance = maintenance
        store = maintenance.store
        self.latency = latency
        self.requests = requests
        self.facts = facts
        self.freshFacts = freshFacts ?? facts
    }

    /// Whether the heap has room for a call of the tree; callers check this first.
    public var hasHeap: Bool { store.hasHeap() }

    /// The kind of object at a path like `params/zpool`; nil: there is none.
    public func kind(of path: ByteText) -> ControlKind? {
        let components = Self.components(path)
        if let (row, _) = row(components) { return .file(mode: row.access.mode) }
        return isDirectory(components) ? .directory : nil
    }

    /// The names in a directory, in order; empty when it is none.
    public func children(of path: ByteText) -> [ByteText] {
        let components = Self.components(path)
        guard isDirectory(components) else { return [] }
        var names: [ByteText] = []
        var known: Set<ByteText> = []
        for row in Self.rows where Self.isPrefix(components, of: row) {
            let name = row.components[components.count]
            let found =
                ControlRow.isPlaceholder(name) ? self.names(in: components) : [name]
            names += found.filter { known.insert($0).inserted }
        }
        return names
    }

    /// Number of a directory's children that are directories. Counted from the rows, without a look
    /// at each child: a directory may have one for each area.
    public func directoryCount(in path: ByteText) -> Int {
        let components = Self.components(path)
        let below = Self.rows.filter {
            Self.isPrefix(components, of: $0) && $0.components.count > components.count + 1
        }
        return Set(below.map { $0.components[components.count] }).reduce(0) { count, name in
            guard ControlRow.isPlaceholder(name) else { return count + 1 }
            return count + names(in: components).count
        }
    }

    /// The text of a file, with a newline at the end.
    public func read(_ path: ByteText) throws(ControlError) -> String {
        guard let (row, subject) = row(Self.components(path)) else { throw .notFound(path) }
        guard let read = row.read else {
            throw ControlError(.notReadable, "\(subject.path) can only be written")
        }
        let text = try read(subject)
        return text.utf8.last == UInt8(ascii: "\n") ? text : text + "\n"
    }

    /// Takes the text of a write to a file. No bytes at all change nothing and are no error. A
    /// refused write goes to the journal, for `stats/last_error`.
    public func write(_ text: String, to path: ByteText) throws(ControlError) {
        do {
            try take(text, path)
            keepSettings(changedBy: path)
        } catch {
            journal.note(error, value: text, path: path)
            throw error
        }
    }

    /// Notes a malformed write in the journal and returns its error. In `value`, U+FFFD stands for
    /// bytes that are no text.
    public func refuse(_ path: ByteText, _ reason: String, value: String) -> ControlError {
        let error = ControlError(.invalidValue, "\(reason), for \(path.printable)")
        journal.note(error, value: value, path: path)
        return error
    }

    func take(_ text: String, _ path: ByteText) throws(ControlError) {
        guard let (row, subject) = row(Self.components(path)) else { throw .notFound(path) }
        guard let write = row.write else {
            throw ControlError(.notWritable, "\(subject.path) can only be read")
        }
        guard !text.isEmpty else { return }
        try write(subject, ControlText.trimmed(text))
    }

    /// The names that may stand for the placeholder below `directory`.
    func names(in directory: [ByteText]) -> [ByteText] { ControlKeys.of(directory).list(store) }

    private static func components(_ path: ByteText) -> [ByteText] {
        path.components(separatedBy: "/")
    }

    private func row(_ components: [ByteText]) -> (ControlRow, ControlSubject)? {
        for row in Self.rows
        where row.components.count == components.count && Self.isPrefix(components, of: row) {
            guard let key = key(components, of: row) else { return nil }
            let subject = ControlSubject(
                store: store, maintenance: maintenance, latency: latency,
                requests: requests, facts: facts, freshFacts: freshFacts, journal: journal,
                path: components.map(\.printable).joined(separator: "/"), key: key)
            return (row, subject)
        }
        return nil
    }

    private func isDirectory(_ components: [ByteText]) -> Bool {
        guard
            let row = Self.rows.first(where: {
                $0.components.count > components.count && Self.isPrefix(components, of: $0)
            })
        else { return false }
        return key(components, of: row) != nil
    }

    private static func isPrefix(_ components: [ByteText], of row: ControlRow) -> Bool {
        guard components.count <= row.components.count else { return false }
        return zip(components, row.components).allSatisfy { component, expected in
            component == expected || ControlRow.isPlaceholder(expected)
        }
    }

    /// The path's name in place of the row's placeholder: empty when the path has none, nil when
    /// there is no area or pool of that name.
    private func key(_ components: [ByteText], of row: ControlRow) -> ByteText? {
        let place = row.components.firstIndex(where: ControlRow.isPlaceholder)
        guard let place, place < components.count else { return "" }
        let key = components[place]
        let keys = ControlKeys.of(Array(components[..<place]))
        return keys.contains(store, key) ? key : nil
    }
}
