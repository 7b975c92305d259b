/// The version of zswapfs, of all its programs.
public enum ProductVersion {
    /// Major, minor, patch.
    public static let text = "0.1.0"
}
