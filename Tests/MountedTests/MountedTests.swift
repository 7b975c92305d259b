import Testing

@Suite struct MountedTests {}
