import Testing

@Suite struct CompressorsTests {}
