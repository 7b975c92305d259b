import Testing

@Suite struct ZswapCoreTests {}
