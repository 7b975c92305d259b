import Experiment
import LinuxSystem

/// The table of `swap`.
extension Table {
    /// A row for each device: seconds of each phase and of all, and how many times the time of
    /// zram and of the null filesystem that is.
    init(_ figures: [SwapFigures]) {
        self.init([
            "", "fill s", "scan s", "random s", "total s", "× zram", "× null", "swapped MiB",
        ])
        func total(_ peer: SwapPeer) -> Double? {
            figures.first { $0.device == peer.rawValue }?.total
        }
        func ratio(_ figure: SwapFigures, _ peer: SwapPeer) -> String {
            total(peer).map { Table.cell(figure.total / $0, digits: 2) } ?? "-"
        }
        for figure in figures {
            add([
                figure.device, Table.cell(figure.fill, digits: 2),
                Table.cell(figure.scan, digits: 2), Table.cell(figure.random, digits: 2),
                Table.cell(figure.total, digits: 2), ratio(figure, .zram), ratio(figure, .null),
                "\(figure.swappedByteCount >> 20)",
            ])
        }
    }
}
