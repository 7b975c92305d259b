import BenchCommand
import FirstFit
import ZPool

/// `zswapfs-bench` with one driver more.
@main struct Program {
    static func main() throws {
        let zpools = ZpoolRegistry.standard()
        try zpools.register(FirstFitDriver())
        BenchMain.run(zpools: zpools)
    }
}
