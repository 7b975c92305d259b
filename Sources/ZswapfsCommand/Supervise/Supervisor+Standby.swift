import LinuxSystem
import Logging
import Threads

/// The process that waits for its turn: started when a server serves, told what the server keeps.
extension Supervisor {
    func startStandby() {
        standbyMoment = nil
        do throws(SystemFailure) {
            standby = try makeStandby(program)
        } catch {
            logger.warning("no standby can be started, and is tried again: \(error)")
            standbyMoment = MonotonicClock.nanoseconds + Self.retryNanoseconds
        }
    }

    /// A process of this program, or of an open file, that waits for its turn and has all
    /// descriptors.
    func makeStandby(_ program: PassedDescriptor?) throws(SystemFailure) -> ProcessWatch {
        let process = try launch(program)
        try prepare(process)
        return process
    }

    func prepare(_ process: ProcessWatch) throws(SystemFailure) {
        try process.channel.send(SupervisorMessage.standby.bytes)
        for (name, descriptor) in kept.entries {
            try process.channel.send(
                SupervisorMessage.keep(name).bytes, passing: descriptor.number)
        }
        try process.channel.send(SupervisorMessage.complete.bytes)
    }

    /// Sends a message to every standby.
    func tellStandby(_ message: SupervisorMessage, _ descriptor: PassedDescriptor? = nil) {
        if let candidate = upgrade?.candidate {
            do throws(SystemFailure) {
                try candidate.channel.send(message.bytes, passing: descriptor?.number ?? -1)
            } catch {
                failUpgrade("it does not read what it is told: \(error)")
            }
        }
        guard let standby else { return }
        do throws(SystemFailure) {
            try standby.channel.send(message.bytes, passing: descriptor?.number ?? -1)
        } catch {
            // One that does not read is of no use; the next one is given all there is.
            standby.kill()
            loseStandby()
        }
    }

    func readStandby() {
        guard let standby else { return }
        while true {
            switch standby.channel.receive() {
            case .packet(let bytes, _):
                switch SupervisorMessage(bytes) {
                case .fits?: standbyFits = true
                case .refused(let reason)?:
                    logger.error("the standby cannot take over: \(reason)")
                default: break
                }
                continue
            case .nothing:
                if standby.reap() != nil { loseStandby() }
            case .end:
                standby.kill()
                loseStandby()
            }
            return
        }
    }

    private func loseStandby() {
        guard let lost = standby, let ending = lost.reap() else { return }
        standby = nil
        logger.warning("the standby \(lost.identifier) ended by \(ending.text)")
        // With the server dead, its replacement starts one.
        guard death == nil else { return }
        standbyMoment = standbyLimit.restart(after: MonotonicClock.nanoseconds)
    }

    /// A server that has been told that it is its turn: of a new version, the standby, or one that
    /// is started now.
    func successor(by turn: [UInt8]) throws(SystemFailure) -> ProcessWatch {
        if let candidate = candidate(taking: turn) { return candidate }
        if let waiting = standby {
            standby = nil
            // One that died while it waited takes no message.
            if (try? waiting.channel.send(turn)) != nil { return waiting }
            waiting.kill()
        }
        let new = try makeStandby(program)
        try new.channel.send(turn)
        return new
    }
}
