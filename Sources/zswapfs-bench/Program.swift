import BenchCommand
import ZPool

/// `zswapfs-bench` with the project's own drivers.
@main struct Program {
    static func main() { BenchMain.run(zpools: .standard()) }
}
