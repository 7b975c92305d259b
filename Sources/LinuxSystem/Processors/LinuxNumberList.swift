/// Lists of numbers as the kernel writes them: "0-3,8".
public enum LinuxNumberList {
    /// The count of numbers that the list names; 0 for no list.
    public static func count(_ text: String?) -> Int {
        numbers(text).count
    }

    /// The numbers, in order; none where the text is no list.
    public static func numbers(_ text: String?) -> [Int] {
        (text ?? "").split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }
}
