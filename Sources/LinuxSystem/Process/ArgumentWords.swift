import Glibc

/// The words that a program is started with, as C takes them.
enum ArgumentWords {
    /// Copies of the words, and nil behind the last one; the caller frees them.
    static func make(_ words: [String]) -> [UnsafeMutablePointer<CChar>?] {
        words.map { strdup($0) } + [nil]
    }
}
