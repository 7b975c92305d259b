import ArgumentParser

@main struct Zswapfs: ParsableCommand {}
