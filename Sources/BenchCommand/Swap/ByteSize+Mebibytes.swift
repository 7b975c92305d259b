import ArgumentParser
import ZswapCore

extension ByteSize {
    /// The bytes of a size of memory as it is given to an option.
    static func wholeMebibytes(_ text: String, _ option: String) throws -> Int {
        guard let size = ByteSize(parsing: text), size.bytes >= 1 << 20,
            size.bytes.isMultiple(of: 1 << 20), size.bytes <= 1 << 34
        else {
            throw ValidationError("\(option) \(text): not a whole number of MiB, at most 16G")
        }
        return Int(size.bytes)
    }
}
