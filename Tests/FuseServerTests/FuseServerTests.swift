import Testing

/// The FUSE side without a mount: what each operation answers, and what it refuses.
@Suite struct FuseServerTests {}
