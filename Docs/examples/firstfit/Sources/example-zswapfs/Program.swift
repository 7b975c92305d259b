import FirstFit
import ZPool
import ZswapfsCommand

/// `zswapfs` with one driver more: `-o zpool=firstfit`.
@main struct Program {
    static func main() throws {
        let zpools = ZpoolRegistry.standard()
        try zpools.register(FirstFitDriver())
        ZswapfsMain.run(zpools: zpools)
    }
}
