import PoolTesting
import ZPool
import ZswapCore

/// The places of objects: the frame, counted in order of appearance, and the byte in it.
final class FramePlaces {
    /// One object.
    struct Object {
        let handle: PoolHandle
        let frame: Int
        let byte: Int

        func isAt(frame: Int, byte: Int) -> Bool { self.frame == frame && self.byte == byte }
    }

    let rig: PoolRig
    private var frames: [Int] = []

    init(_ rig: PoolRig) { self.rig = rig }

    func malloc(_ byteCount: Int) throws -> Object { place(try rig.pool.malloc(byteCount)) }

    /// The present place of an object.
    func place(_ handle: PoolHandle) -> Object {
        let offset = rig.pool.offset(of: handle).rawValue
        let number = offset / Page.byteCount
        if !frames.contains(number) { frames.append(number) }
        return Object(
            handle: handle, frame: frames.firstIndex(of: number) ?? -1,
            byte: offset % Page.byteCount)
    }

    /// Frames in a list of the pool's report.
    func frameCount(_ list: String) -> Int? {
        rig.pool.report.rows.first { $0[0] == list }.flatMap { Int($0[1]) }
    }
}
