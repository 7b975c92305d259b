/// An area's overrides. Nil: the store's setting applies, as in every new area.
///
/// Law: kept in the area's record, so they survive a rename and end with the area.
public struct AreaSettings: Equatable, Sendable {
    /// The compressor of its new pages.
    public var compressor: String?
    /// Most bytes that its objects in memory may take, at most ``Limits/areaByteCountMax``; nil: as
    /// many as the store has room for.
    public var byteCountMax: UInt64?
    /// Whether its pages may leave for the backing store; nil: they may.
    public var allowsWriteBack: Bool?

    /// Seconds without a use after which its pages are recompressed, of ``Limits/coldSeconds``; 0:
    /// they never are. Nil: as the store says.
    public var coldAfterSeconds: Int?

    /// No overrides.
    public init() {}
}
