import ZPool
import ZswapfsCommand

/// `zswapfs` with the project's own drivers.
@main struct Program {
    static func main() { ZswapfsMain.run(zpools: .standard()) }
}
