import Testing

@Suite struct StyleTests {}
