/// The word that a mistyped one was probably meant to be: the nearest of a list by the number of
/// characters to add, drop, replace or swap with their neighbour (optimal string alignment).
///
/// Cost: the product of both lengths for each word of the list.
public enum NearestWord {
    /// Longer words are not compared: they come from outside.
    private static let lengthMax = 64

    /// The nearest of `words`; nil when none is near: more than a third of it differs, or more than
    /// two characters. Of words that are as near, the first.
    public static func of(_ typed: String, in words: [String]) -> String? {
        guard (1...lengthMax).contains(typed.count) else { return nil }
        let near = words.map { (word: $0, distance: distance(typed, $0)) }
            .filter { $0.distance <= min(2, $0.word.count / 3) }
        return near.min { $0.distance < $1.distance }?.word
    }

    /// ` (did you mean 'zpool'?)` for a message; empty when no word is near.
    public static func question(_ typed: String, in words: [String]) -> String {
        of(typed, in: words).map { " (did you mean '\($0)'?)" } ?? ""
    }

    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        var (beforeLast, last) = ([Int](), Array(0...right.count))
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let isSame = left[i] == right[j]
                var best = min(last[j] + (isSame ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
