import Testing

@Suite struct FuseServerTests {}
