import Testing

@Suite struct ControlTreeTests {}
