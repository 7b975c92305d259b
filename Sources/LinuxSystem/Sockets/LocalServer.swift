import CLinux
import Glibc
import SystemPackage

/// Answers messages that come to an abstract name, on one thread.
///
///     init (the name is taken) -> serve ── one question of each connection a turn ── stop
///
/// Law: no client can hold it up. The thread waits only for all connections together; a question is
/// not read before the last answer was taken; with all places taken, the user who has most of them
/// loses the one that was quiet longest.
/// Price: nothing while no client asks.
public final class LocalServer: Sendable {
    /// Connections at a time.
    private static let connectionCountMax = 32
    /// Longest body of a question.
    private static let bodyByteCountMax = 4096
    /// After a failure that may last: out of descriptors.
    private static let pauseMicroseconds: UInt32 = 100_000

    private let descriptor: CInt
    private let name: String

    /// Takes the name. EADDRINUSE when another process has it.
    public init(name: String) throws(SystemFailure) {
        self.name = name
        descriptor = clinux_local_socket()
        guard descriptor >= 0 else { throw SystemFailure("socket", name) }
        // The end of what was made closes the socket, also when this throws.
        try LocalAddress.listen(
            descriptor, as: name, waitingCountMax: CInt(Self.connectionCountMax))
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Makes `serve` return. From any thread.
    public func stop() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    /// Answers until `stop`. `admits` decides which users may ask at all.
    public func serve(
        admits: (UInt32) -> Bool, answer: (LocalMessage) -> LocalMessage
    ) {
        var connections: [LocalConnection] = []
        while true {
            var entries = connections.map(\.pollEntry)
            entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            guard poll(&entries, nfds_t(entries.count), -1) >= 0 else {
                guard errno == EINTR else { return }
                continue
            }
            for (connection, entry) in zip(connections, entries) where entry.revents != 0 {
                connection.advance(bodyByteCountMax: Self.bodyByteCountMax, answer)
            }
            connections.removeAll { $0.isClosed }
            let event = entries[entries.count - 1].revents
            if event & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { return }
            if event != 0, let connection = accept() {
                guard admits(connection.userID) else {
                    connection.refuse()
                    continue
                }
                if connections.count >= Self.connectionCountMax { Self.makeRoom(&connections) }
                connections.append(connection)
            }
        }
    }

    private func accept() -> LocalConnection? {
        let accepted = clinux_accept(descriptor)
        guard accepted >= 0 else {
            if errno != EAGAIN && errno != ECONNABORTED && errno != EINTR {
                usleep(Self.pauseMicroseconds)
            }
            return nil
        }
        guard let peer = try? LocalAddress.peer(of: accepted, name) else {
            close(accepted)
            return nil
        }
        return LocalConnection(accepted, userID: peer.userID)
    }

    private static func makeRoom(_ connections: inout [LocalConnection]) {
        var counts: [UInt32: Int] = [:]
        for connection in connections { counts[connection.userID, default: 0] += 1 }
        let place = connections.indices.max { left, right in
            let (left, right) = (connections[left], connections[right])
            let (leftCount, rightCount) = (counts[left.userID] ?? 0, counts[right.userID] ?? 0)
            return (leftCount, right.lastActivity) < (rightCount, left.lastActivity)
        }
        if let place { connections.remove(at: place) }
    }
}

/// A connection of a server: what came of a question, what is left of an answer.
final class LocalConnection {
    let userID: UInt32
    private(set) var isClosed = false
    private(set) var lastActivity = ContinuousClock.now
    private let descriptor: CInt
    private var question: [UInt8] = []
    private var answer: ArraySlice<UInt8> = []

    init(_ descriptor: CInt, userID: UInt32) {
        self.descriptor = descriptor
        self.userID = userID
    }

    deinit { close(descriptor) }

    var pollEntry: pollfd {
        pollfd(fd: descriptor, events: Int16(answer.isEmpty ? POLLIN : POLLOUT), revents: 0)
    }

    /// Says that this user may not ask.
    func refuse() {
        answer = LocalMessage.refusal(EACCES).encoded[...]
        send()
    }

    /// Takes what has come or sends what is left, without waiting.
    func advance(bodyByteCountMax: Int, _ answering: (LocalMessage) -> LocalMessage) {
        lastActivity = .now
        guard answer.isEmpty else { return send() }
        guard receive() else {
            isClosed = true
            return
        }
        guard let byteCount = LocalMessage.byteCount(ofMessageIn: question) else { return }
        guard byteCount <= LocalMessage.headerByteCount + bodyByteCountMax else {
            isClosed = true
            return
        }
        guard question.count == byteCount else { return }
        answer = answering(LocalMessage(decoding: question)).encoded[...]
        question = []
        send()
    }

    /// Reads no further than to the end of the question. False when the other end has closed.
    private func receive() -> Bool {
        let header = LocalMessage.headerByteCount
        let wanted = (LocalMessage.byteCount(ofMessageIn: question) ?? header) - question.count
        guard wanted > 0 else { return true }
        var bytes = [UInt8](repeating: 0, count: min(wanted, 4096))
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        question += bytes.prefix(count)
        return true
    }

    private func send() {
        while !answer.isEmpty {
            let count = answer.withUnsafeBytes { clinux_send(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                if errno == EAGAIN || errno == EINTR { return }
                isClosed = true
                return
            }
            answer = answer.dropFirst(count)
        }
        // The memory of a long answer goes at once.
        answer = []
    }
}
