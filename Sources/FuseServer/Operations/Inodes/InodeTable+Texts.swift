import Synchronization

/// The texts that open control files are read from.
extension InodeTable {
    /// Whether no open file reads the text, and it is old or was dropped.
    func isStale(_ number: UInt64, _ now: UInt64) -> Bool {
        controls.withLock { controls in
            guard let control = controls.controls[number], control.openCount == 0 else {
                return false
            }
            return control.text == nil || now &- control.lookedUpAt > Self.staleNanoseconds
        }
    }

    /// Gives a file another text.
    func renew(_ number: UInt64, _ text: [UInt8], _ now: UInt64) {
        controls.withLock { controls in
            guard controls.controls[number]?.openCount == 0 else { return }
            controls.controls[number]?.lookedUpAt = now
            keep(text, of: number, &controls)
        }
    }

    /// Counts an open file.
    func open(control number: UInt64) {
        controls.withLock { $0.controls[number]?.openCount += 1 }
    }

    /// Takes an open file back.
    func close(control number: UInt64) {
        controls.withLock { controls in
            guard let count = controls.controls[number]?.openCount, count > 0 else { return }
            controls.controls[number]?.openCount = count - 1
        }
    }

    /// The text of an open file.
    func text(of number: UInt64) -> Text {
        controls.withLock { controls in
            guard let control = controls.controls[number],
                control.openCount > 0 || control.isTakenUp
            else { return .none }
            guard let text = control.text else { return control.byteCount > 0 ? .gone : .none }
            controls.controls[number]?.openCount = max(control.openCount, 1)
            controls.useClock += 1
            controls.controls[number]?.usedAt = controls.useClock
            return .bytes(text)
        }
    }

    func keep(_ text: [UInt8], of number: UInt64, _ controls: inout Controls) {
        controls.useClock += 1
        controls.controls[number]?.usedAt = controls.useClock
        guard controls.controls[number]?.text != text else { return }
        drop(number, &controls)
        controls.controls[number]?.text = text
        controls.controls[number]?.byteCount = text.count
        controls.textByteCount += text.count
        makeRoom(sparing: number, &controls)
        onTextByteCount(controls.textByteCount)
    }

    /// Lets texts go, the least recently used first, down to three quarters: one search for many.
    private func makeRoom(sparing number: UInt64, _ controls: inout Controls) {
        guard controls.textByteCount > textByteCountMax else { return }
        let held = controls.controls.filter { $0.key != number && $0.value.text != nil }
        for (number, _) in held.sorted(by: { $0.value.usedAt < $1.value.usedAt }) {
            guard controls.textByteCount > textByteCountMax / 4 * 3 else { return }
            drop(number, &controls)
        }
    }

    /// The size stays what was told.
    func drop(_ number: UInt64, _ controls: inout Controls) {
        guard let text = controls.controls[number]?.text else { return }
        controls.controls[number]?.text = nil
        controls.textByteCount -= text.count
        onTextByteCount(controls.textByteCount)
    }
}
