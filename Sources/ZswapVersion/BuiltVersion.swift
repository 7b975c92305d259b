import ZswapCore

/// The version of these programs and the commit they were built from.
///
///     0.1.0+a4f525b1c2            built from a clone
///     0.1.0+a4f525b1c2+changes    the same, with changes that are not committed
///     0.1.0                       built from an archive of the sources
///
/// Law: one word, whose part before the first `+` is the version.
/// `BuiltCommit` is written by the plugin `CommitName` in each build. Cost: a module of its own, so
/// that a new commit compiles no other.
public enum BuiltVersion {
    /// The version, and behind a `+` the commit where it is known.
    public static let text = text(of: commit)

    /// The commit's name, shortened, with `+changes` when something was changed since; nil when it
    /// was not built from a clone.
    public static var commit: String? { BuiltCommit.name }

    /// The same for any commit.
    static func text(of commit: String?) -> String {
        ProductVersion.text + (commit.map { "+\($0)" } ?? "")
    }
}
