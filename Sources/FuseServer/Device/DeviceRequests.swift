import CFuse
import Glibc
import Latency
import SwapStore
import Threads
import ZswapCore

/// The requests of /dev/fuse that are answered without libfuse, which allocates for each.
///
/// Law: nothing here allocates where the request is for an area.
struct DeviceRequests {
    let operations: Operations
    /// Does writes that have to wait for room; nil: their own thread waits.
    let roomThread: RoomThread?

    init(operations: Operations, roomThread: RoomThread? = nil) {
        self.operations = operations
        self.roomThread = roomThread
    }

    /// Answers a request for which ``RawRequest/isForPages`` holds; malformed ones get an errno.
    func answerPages(
        _ request: RawRequest, _ reply: UnsafeMutableRawBufferPointer, _ answer: Answer,
        _ worker: ServingWorker
    ) {
        switch request.header.opcode {
        case FUSE_READ.rawValue:
            guard let argument = request.argument(fuse_read_in.self) else {
                return answer.send(error: EIO)
            }
            let read = WaitingRoom.Read(
                unique: request.header.unique, inode: request.header.nodeid,
                offset: argument.offset, byteCount: Int(argument.size),
                began: MonotonicClock.nanoseconds)
            self.read(read, reply, answer, worker)
        case FUSE_WRITE.rawValue:
            write(request, since: MonotonicClock.nanoseconds, answer, worker)
        case FUSE_FALLOCATE.rawValue: fallocate(request, answer, worker)
        case FUSE_LSEEK.rawValue: seek(request, answer, worker)
        case FUSE_GETATTR.rawValue: attributes(request, answer, worker)
        default: unreachable("a request for pages is of no known kind")
        }
    }

    /// Reads pages into `reply` and answers. If the request needs a backing device and finds no
    /// place to wait, it is put in line.
    func read(
        _ read: WaitingRoom.Read, _ reply: UnsafeMutableRawBufferPointer, _ answer: Answer,
        _ worker: ServingWorker
    ) {
        let room = UnsafeMutableRawBufferPointer(
            rebasing: reply[..<min(read.byteCount, reply.count)])
        func perform() throws(Refusal) {
            var target = room.mutableBytes
            let count = try operations.read(
                read.inode, at: read.offset, into: &target, worker)
            worker.noteAnswer(.read, since: read.began)
            answer.send(UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
        do {
            guard let seat = worker.seat else { return try perform() }
            try seat.perform(read, perform)
        } catch {
            worker.noteAnswer(.read, since: read.began)
            answer.send(error: error.errno)
        }
    }

    /// Sends a part of a control file's text from where it lies.
    func readText(_ request: RawRequest, _ answer: Answer) {
        Self.answer(answer) { () throws(Refusal) in
            guard let argument = request.argument(fuse_read_in.self) else { throw Refusal(EIO) }
            let part = try operations.text(
                request.header.nodeid, at: argument.offset, byteCount: UInt64(argument.size))
            part.withUnsafeBytes { answer.send($0) }
        }
    }

    /// Writes pages, or the value of a control file, and answers. `doneByteCount` bytes of it are
    /// written already. `began` is when a request for pages was taken from the kernel. Pages that
    /// have to wait for room are left to the room's thread.
    func write(
        _ request: RawRequest, after doneByteCount: Int = 0, since began: Int64? = nil,
        _ answer: Answer, _ worker: ServingWorker
    ) {
        do throws(Refusal) {
            let count = try writeRest(of: request, after: doneByteCount, worker)
            worker.noteAnswer(.write, since: began)
            answer.sendWritten(doneByteCount + count)
        } catch {
            if let count = error.byteCountBeforeRoom {
                return wait(
                    with: request, after: doneByteCount + count, since: began, answer, worker)
            }
            worker.noteAnswer(.write, since: began)
            // A write may be short.
            if doneByteCount > 0 { return answer.sendWritten(doneByteCount) }
            answer.send(error: error.errno)
        }
    }

    private func writeRest(
        of request: RawRequest, after doneByteCount: Int, _ worker: ServingWorker
    ) throws(Refusal) -> Int {
        let headByteCount = MemoryLayout<fuse_write_in>.size
        guard let argument = request.argument(fuse_write_in.self),
            request.body.count - headByteCount >= Int(argument.size)
        else { throw Refusal(EIO) }
        invariant(doneByteCount == 0 || doneByteCount < Int(argument.size))
        let data = UnsafeRawBufferPointer(
            rebasing: request.body[headByteCount..<headByteCount + Int(argument.size)]
                .dropFirst(doneByteCount))
        return try operations.write(
            data.bytes, to: request.header.nodeid, at: argument.offset + UInt64(doneByteCount),
            by: Self.writer(request.header, argument), worker)
    }

    /// Leaves the rest of a write to the room's thread. If that has no place for it, this thread
    /// waits, and one that stands by serves meanwhile.
    private func wait(
        with request: RawRequest, after doneByteCount: Int, since began: Int64?,
        _ answer: Answer, _ worker: ServingWorker
    ) {
        invariant(!worker.store.mayWaitForRoom, "a thread that may wait for room did not")
        if let roomThread, roomThread.take(request, doneByteCount: doneByteCount, began: began) {
            return
        }
        worker.seat?.stepAside()
        worker.store.mayWaitForRoom = true
        defer { worker.store.mayWaitForRoom = false }
        write(request, after: doneByteCount, since: began, answer, worker)
    }

    /// The user that writes, as far as set-user-ID bits go: an unprivileged one for writes that the
    /// kernel flags to clear them, as it does for root without CAP_FSETID.
    private static func writer(_ header: fuse_in_header, _ argument: fuse_write_in) -> UInt32 {
        argument.write_flags & UInt32(FUSE_WRITE_KILL_PRIV) == 0 ? header.uid : UInt32.max
    }

    /// Discards pages.
    private func fallocate(_ request: RawRequest, _ answer: Answer, _ worker: ServingWorker) {
        Self.answer(answer) { () throws(Refusal) in
            guard let argument = request.argument(fuse_fallocate_in.self) else {
                throw Refusal(EIO)
            }
            try operations.fallocate(
                request.header.nodeid, mode: argument.mode, at: argument.offset,
                byteCount: argument.length, by: request.header.uid, worker)
            answer.send(error: 0)
        }
    }

    /// Finds data or a hole.
    private func seek(_ request: RawRequest, _ answer: Answer, _ worker: ServingWorker) {
        Self.answer(answer) { () throws(Refusal) in
            guard let argument = request.argument(fuse_lseek_in.self) else { throw Refusal(EIO) }
            guard let whence = CInt(exactly: argument.whence) else { throw Refusal(EINVAL) }
            let offset = try operations.seek(
                request.header.nodeid, from: Int(bitPattern: UInt(argument.offset)),
                whence: whence, worker)
            answer.send(body: fuse_lseek_out(offset: UInt64(offset)))
        }
    }

    /// Says what `stat` shows of an area.
    private func attributes(_ request: RawRequest, _ answer: Answer, _ worker: ServingWorker) {
        Self.answer(answer) { () throws(Refusal) in
            let (attributes, seconds) = try operations.attributes(request.header.nodeid, worker)
            var out = fuse_attr_out()
            out.attr_valid = UInt64(seconds)
            out.attr_valid_nsec = UInt32((seconds - seconds.rounded(.down)) * 1_000_000_000)
            out.attr = fuse_attr(attributes)
            answer.send(body: out)
        }
    }

    private static func answer(_ answer: Answer, _ body: () throws(Refusal) -> Void) {
        do {
            try body()
        } catch {
            answer.send(error: error.errno)
        }
    }
}

extension fuse_attr {
    init(_ status: stat) {
        self.init()
        ino = UInt64(status.st_ino)
        size = UInt64(status.st_size)
        blocks = UInt64(status.st_blocks)
        // Times before 1970 are negative seconds, by their bits.
        atime = UInt64(bitPattern: Int64(status.st_atim.tv_sec))
        mtime = UInt64(bitPattern: Int64(status.st_mtim.tv_sec))
        ctime = UInt64(bitPattern: Int64(status.st_ctim.tv_sec))
        atimensec = UInt32(status.st_atim.tv_nsec)
        mtimensec = UInt32(status.st_mtim.tv_nsec)
        ctimensec = UInt32(status.st_ctim.tv_nsec)
        mode = status.st_mode
        nlink = UInt32(clamping: status.st_nlink)
        uid = status.st_uid
        gid = status.st_gid
        blksize = UInt32(status.st_blksize)
    }
}
