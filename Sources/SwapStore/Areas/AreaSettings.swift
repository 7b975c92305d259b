/// What an area has of its own; nil: as the whole store has it, which is what every new area does.
///
/// Law: kept in the area's record, so they go where its name goes and end with it.
public struct AreaSettings: Equatable, Sendable {
    /// The compressor of its new pages.
    public var compressor: String?
    /// Most bytes that its objects in memory may take, at most ``Limits/areaByteCountMax``; nil: as
    /// many as the store has room for.
    public var byteCountMax: UInt64?
    /// Whether its pages may leave for the backing store; nil: they may.
    public var allowsWriteBack: Bool?

    /// Nothing of its own.
    public init() {}
}
