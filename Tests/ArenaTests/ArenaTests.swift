import Testing

@Suite struct ArenaTests {}
