import Testing

@Suite struct SwapTests {}
