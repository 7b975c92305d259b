import Testing

@Suite struct ZPoolTests {}
