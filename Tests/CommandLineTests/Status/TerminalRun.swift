import Foundation
import TestSupport
import Testing

/// A run of the built program on a terminal of its own, by a script of steps. Needs python3.
///
///     expect TEXT       waits until the program has written it, after what was expected before
///     absent SECONDS TEXT    the program does not write it in this time
///     send TEXT, signal NAME, resize COLUMNS ROWS
///     write PATH FIRST COUNT     writes pages to an area
///     unmount PATH, kill NAME PROCESS
///     stopped           the program has stopped, and the terminal is as it was before
struct TerminalRun {
    /// How it ended.
    struct Outcome: Decodable {
        /// Everything that it wrote.
        let output: String
        /// The exit status, or 128 and the signal.
        let status: Int
        /// Whether the modes of the terminal are what they were.
        let isRestored: Bool
        /// The step that failed; nil: all were done.
        let failure: String?

        /// Whether the screen was left and nothing was drawn after that.
        var leftScreen: Bool {
            guard
                let end = output.range(
                    of: "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l", options: .backwards)
            else { return false }
            return !output[end.upperBound...].contains("\u{1b}")
        }
    }

    static func run(
        _ arguments: [String], environment: [String: String] = [:], _ steps: [[String]]
    ) throws -> Outcome {
        let program = try #require(BuiltProgram.zswapfs)
        let values = ["TERM": "xterm", "LC_ALL": "C.UTF-8"].merging(environment) { $1 }
        let plan = try JSONEncoder().encode(
            Plan(program: [program] + arguments, environment: values, steps: steps))
        let outcome = try ProgramRun.finish(
            "/usr/bin/env", ["python3", "-c", script, String(decoding: plan, as: UTF8.self)],
            seconds: 60)
        try #require(outcome.status == 0, "\(outcome)")
        return try JSONDecoder().decode(Outcome.self, from: Data(outcome.output.utf8))
    }

    private struct Plan: Encodable {
        let program: [String]
        let environment: [String: String]
        let steps: [[String]]
    }

    /// Stands between as a shell does: the program has a process group of its own in a session, so
    /// that it can be stopped.
    private static let script = """
        import fcntl, json, os, pty, select, signal, struct, subprocess, sys, termios, time
        plan = json.loads(sys.argv[1])
        if os.fork():
            sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
        os.setsid()
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        def resize(columns, rows):
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        resize(80, 24)
        before = termios.tcgetattr(slave)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(slave, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            for number in range(3):
                os.dup2(slave, number)
            os.closerange(3, 256)
            os.execve(plan["program"][0], plan["program"], plan["environment"])
        output, seen, failure, status = b"", 0, None, None
        def receive(seconds):
            global output
            if select.select([master], [], [], seconds)[0]:
                output += os.read(master, 65536)
        def find(text, seconds):
            global seen
            end = time.monotonic() + seconds
            while True:
                place = output.find(text.encode(), seen)
                if place >= 0:
                    seen = place + len(text.encode())
                    return True
                left = end - time.monotonic()
                if left <= 0:
                    return False
                receive(left)
        def step(name, *words):
            global seen
            if name == "expect":
                return find(words[0], 20)
            if name == "absent":
                seen = len(output)
                return not find(words[1], float(words[0]))
            if name == "send":
                os.write(master, words[0].encode())
            if name == "signal":
                os.kill(child, getattr(signal, words[0]))
            if name == "kill":
                os.kill(int(words[1]), getattr(signal, words[0]))
            if name == "resize":
                seen = len(output)
                resize(int(words[0]), int(words[1]))
            if name == "write":
                file = os.open(words[0], os.O_RDWR | os.O_CREAT)
                for page in range(int(words[1]), int(words[1]) + int(words[2])):
                    os.pwrite(file, b"%d " % page * 500, page * 4096)
                os.close(file)
            if name == "unmount":
                subprocess.run(["umount", words[0]], check=True)
            if name == "stopped":
                result = os.waitpid(child, os.WUNTRACED)[1]
                seen = len(output)
                return os.WIFSTOPPED(result) and termios.tcgetattr(slave) == before
            return True
        for words in plan["steps"]:
            if not step(*words):
                failure = " ".join(words)
                os.kill(child, signal.SIGKILL)
                break
        end = time.monotonic() + 20
        while status is None:
            receive(0.05)
            done, result = os.waitpid(child, os.WNOHANG)
            if done:
                status = os.waitstatus_to_exitcode(result)
            elif time.monotonic() > end:
                failure = failure or "does not end"
                os.kill(child, signal.SIGKILL)
        while select.select([master], [], [], 0.1)[0]:
            receive(0)
        print(json.dumps({
            "output": output.decode(errors="replace"), "failure": failure,
            "status": status if status >= 0 else 128 - status,
            "isRestored": termios.tcgetattr(slave) == before}))
        """
}
