public import ZswapCore

/// The generator of the project's own, so that tests of every module have it by this name.
public typealias SplitMix64 = ZswapCore.SplitMix64
