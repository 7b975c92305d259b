import Testing

@Suite struct SwapStoreTests {}
