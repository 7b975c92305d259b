import Glibc
import LinuxSystem
import Logging
import Threads

/// Upgrades: the command's request, the candidate, the trial.
extension Supervisor {
    /// The name on which the supervisor of this server takes requests.
    static func requestName(ofServer process: Int32) -> String { "zswapfs/upgrade/\(process)" }

    /// Takes requests for the server that serves now.
    func listen() {
        listener = nil
        do throws(SystemFailure) {
            listener = try DescriptorListener(name: Self.requestName(ofServer: server.identifier))
        } catch {
            logger.warning("no upgrade can be asked for: \(error)")
        }
    }

    /// Takes a new connection. One at a time: another one waits, or is told to come again.
    func acceptRequest() {
        guard let channel = listener?.accept() else { return }
        guard asking == nil else { return }
        asking = channel
    }

    /// Reads what the command that connected wants.
    func readRequest() {
        guard let channel = asking else { return }
        switch channel.receive() {
        case .nothing: return
        case .end: asking = nil
        case .packet(let bytes, let program):
            asking = nil
            guard SupervisorMessage(bytes) == .upgrade, let program else { return }
            begin(channel, program)
        }
    }

    private func begin(_ client: DescriptorChannel, _ program: PassedDescriptor) {
        func refuse(_ reason: String) {
            try? client.send(SupervisorMessage.refused(reason).bytes)
        }
        guard upgrade == nil else { return refuse("another upgrade is under way") }
        guard death == nil else { return refuse("no server runs now; try again when one does") }
        let candidate: ProcessWatch
        do throws(SystemFailure) {
            candidate = try launch(program)
        } catch {
            return refuse("the program cannot be started: \(error)")
        }
        do throws(SystemFailure) {
            try prepare(candidate)
        } catch {
            candidate.kill()
            return refuse("it ended by \(candidate.reap()?.text ?? "\(error)")")
        }
        upgrade = Upgrade(client, program, candidate)
        logger.notice("process \(candidate.identifier) of another version is to take over")
    }

    /// Hears whether the candidate can take over.
    func readCandidate() {
        guard let candidate = upgrade?.candidate else { return }
        while true {
            switch candidate.channel.receive() {
            case .packet(let bytes, _):
                switch SupervisorMessage(bytes) {
                case .fits?: upgrade?.enter(.prepared)
                case .refused(let reason)?: return failUpgrade(reason)
                default: break
                }
                continue
            case .nothing: break
            case .end: candidate.kill()
            }
            if let ending = candidate.reap() { failUpgrade("it ended by \(ending.text)") }
            return
        }
    }

    /// Moves the upgrade on: ends the old server when candidate and standby are prepared; fails a
    /// stage that is past its deadline.
    func continueUpgrade(_ now: Int64) {
        guard let upgrade else { return }
        if upgrade.stage == .prepared, death == nil, standbyFits { return handOver() }
        guard upgrade.deadline <= now else { return }
        let seconds = Upgrade.stageNanoseconds / 1_000_000_000
        switch upgrade.stage {
        case .preparing: failUpgrade("it is not ready after \(seconds) seconds")
        case .prepared:
            failUpgrade("no standby of the version before is ready after \(seconds) seconds")
        // The kernel takes its time to end the old server; there is no way back.
        case .handingOver: self.upgrade?.enter(.handingOver)
        case .onTrial(isReady: false):
            logger.error("the new version does not serve after \(seconds) seconds")
            server.signal(SIGKILL)
            self.upgrade?.enter(.onTrial(isReady: false))
        case .onTrial(isReady: true): finishUpgrade(upgrade)
        }
    }

    private func handOver() {
        upgrade?.enter(.handingOver)
        logger.notice("the server \(server.identifier) is ended for the new version")
        // What it has read and not answered comes again to the next one.
        server.signal(SIGKILL)
    }

    /// The turn goes to the candidate; nil: there is none, or it has just died.
    func candidate(taking turn: [UInt8]) -> ProcessWatch? {
        guard upgrade?.stage == .handingOver, let candidate = upgrade?.candidate else { return nil }
        upgrade?.candidate = nil
        guard (try? candidate.channel.send(turn)) != nil else {
            failUpgrade("it ended before its turn")
            return nil
        }
        upgrade?.enter(.onTrial(isReady: false))
        return candidate
    }

    /// The old version goes on, or takes over again.
    func failUpgrade(_ reason: String) {
        guard let failed = upgrade else { return }
        upgrade = nil
        failed.tell(.refused(reason))
        logger.error("the upgrade failed, and the version before goes on: \(reason)")
    }

    private func finishUpgrade(_ done: Upgrade) {
        upgrade = nil
        program = done.program
        done.tell(.upgraded)
        logger.notice("process \(server.identifier) serves as the new version")
        standby = nil
        let state = SupervisorState(
            server: server.identifier, line: server.channel.descriptor, restartCount: restartCount,
            kept: kept.entries.map { ($0.name, $0.descriptor.number) })
        // The name is free for the program that this becomes.
        listener = nil
        become(done.program, state)
        listen()
        standbyMoment = MonotonicClock.nanoseconds
    }
}
