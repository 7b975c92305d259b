import Glibc

/// Number of steps that the model tests take, all together.
enum ModelOperations {
    /// Enough for every rare step in every case.
    private static let standardCount = 40_000

    /// `ZSWAPFS_MODEL_OPERATIONS` asks for more.
    static let count =
        getenv("ZSWAPFS_MODEL_OPERATIONS").flatMap { Int(String(cString: $0)) } ?? standardCount

    /// Whether every rare step must have been taken.
    static var isEnoughForAll: Bool { count >= standardCount }
}
