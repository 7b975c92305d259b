#!/usr/bin/env python3
"""Runs `swift test` for mount-scripts/test, and says which tests passed, failed and were skipped.

usage: run-tests.py [--seconds N] [--capable] [--optimized SCRATCH] RESULT [-- SWIFT TEST OPTIONS…]
  RESULT       a file that gets one line: numbers of passed, failed and skipped tests
  --seconds    the runs may take so long together (default 2100)
  --capable    this machine can mount and swap: a test that needs it may not be skipped
  --optimized  tests that need an optimized build run in one, built in this scratch directory

A test is one function, however many arguments it has. All suites are one program, so a test that
crashes ends them all. It is found by the backtrace of the thread that crashed, and fails.
Where the backtrace names none, each test that was running is run alone. What did not end or did not
begin is run again. Tests that still have not run are told by their number, as one failure.

exit status: 0 all passed, 1 something failed, 2 usage
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

# On a capable machine these may not be skipped: what they prove is the point of the project.
MUST_RUN_NAME = re.compile(r"^(Mounted|CommandLine|Swap|Bench)Tests\.")
MUST_RUN_REASON = re.compile(r"/dev/fuse|\bloop|\broot\b|\bmount|\bswap", re.IGNORECASE)
OPTIMIZED_REASON = "needs an optimized build"
# Tests that count allocations count those of the whole program: no other test may run beside them.
OPTIMIZED_BUILD = ["-c", "release", "-Xswiftc", "-enable-testing", "-Xswiftc", "-DINTERNAL_CHECKS",
                   "--no-parallel"]
# Tests that run once more in that build, where an allocation by a thread that serves, or under a
# lock that those want, ends the program.
WATCHED_TESTS = [r"^MountedTests\.", r"^SwapTests\..*(RealSwap|SwappedProcess|FullPool|BackedSwap)",
                 r"^SwapStoreTests\..*Model"]
# Mounted tests of the daemon's surroundings, which serve next to nothing and take minutes; those of
# a take-over: the first requests of a successor make what Swift makes at its first use; and those
# that look which program a process is: here it is started by a script.
UNWATCHED_TESTS = (r"^MountedTests\..*/"
                   r"(Latency|MemoryGroup|Inheritance|TakeOver|Upgrade|ServiceManager)Tests")

# A program that crashes more often than this is broken; the rest would tell nothing new.
CRASHES_MAX = 5
# Tests that are run alone after a crash whose backtrace names none of them.
SUSPECTS_MAX = 16
KILL_SECONDS = 30


class Test:
    """One test function: its name is Module.Suite/function()."""

    def __init__(self, name):
        self.name = name
        self.outcome = "never began"
        self.reason = ""

    def must_run(self):
        if self.reason.startswith("optional:"):
            return False
        return bool(MUST_RUN_NAME.search(self.name) or MUST_RUN_REASON.search(self.reason))

    def pattern(self):
        """The regular expression that chooses this test and no other."""
        return "^" + re.escape(self.name).replace("/", "[/]") + "(/|$)"

    def frame(self):
        """How a backtrace names the function: Suite.function()."""
        return re.sub(r"^[^.]*\.", "", self.name).replace("/", ".")


class Crash:
    """What the output of a program that ended by a signal says about it."""

    def __init__(self, number, lines):
        self.number = number
        lines = [line.rstrip() for line in lines]
        starts = [n for n, line in enumerate(lines) if line.startswith("*** Program crashed: ")]
        block = lines[starts[-1]:] if starts else []
        self.headline = block[0][len("*** Program crashed: "):].rstrip(" *") if block else ""
        self.frames = []
        inside = False
        for line in block:
            if re.match(r"Thread \d+.*:$", line):
                inside = line.endswith("crashed:")
            elif inside and re.match(r"\s*\d+ ", line):
                self.frames.append(line)

    def names(self, test):
        own = re.compile(r"(^|[\s.#])" + re.escape(test.frame()) + r"($|[\s.])")
        return any(own.search(frame) for frame in self.frames)

    def text(self):
        place = next((f.split(" at ")[-1] for f in self.frames if ".swift:" in f), "")
        where = f", at {os.path.relpath(place)}" if place.startswith("/") else ""
        return f"crashed by signal {self.number}: {self.headline or 'no backtrace'}{where}"


class Book:
    """All tests by their ids, and complaints that belong to none."""

    def __init__(self):
        self.tests = {}
        self.others = []

    def with_outcome(self, *outcomes):
        return [test for test in self.tests.values() if test.outcome in outcomes]

    def read(self, path):
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    record = json.loads(line)
                except ValueError:
                    continue  # cut off by a crash
                payload = record.get("payload", {})
                if record.get("kind") == "test" and payload.get("kind") == "function":
                    self.tests.setdefault(payload["id"], Test(short_name(payload["id"])))
                elif record.get("kind") == "event":
                    self.take_event(payload)

    def take_event(self, payload):
        kind, test = payload.get("kind"), self.tests.get(payload.get("testID"))
        failure = first_text(payload, ("fail",))
        if test is None:
            if kind == "issueRecorded" and failure:
                self.others.append(failure)
        elif kind == "testStarted":
            test.outcome, test.reason = "running", ""
        elif kind == "testSkipped":
            test.outcome, test.reason = "skipped", skip_reason(first_text(payload, ("skip",)))
        elif kind == "issueRecorded" and failure:
            test.reason = test.reason or failure
        elif kind == "testEnded":
            cancelled = first_text(payload, ("skip",))
            if failure:
                test.outcome, test.reason = "failed", test.reason or failure
            elif cancelled:
                test.outcome, test.reason = "skipped", skip_reason(cancelled)
            else:
                test.outcome = "passed"


def short_name(test_id):
    """Module.Suite/function() without the source location at the end."""
    return re.sub(r"/[^/]*\.swift:\d+:\d+$", "", test_id)


def first_text(payload, symbols):
    for message in payload.get("messages", []):
        if message["symbol"] in symbols:
            return message["text"]
    return ""


def skip_reason(text):
    found = re.search(r'(?:skipped|seconds): "(.*)"$', text, re.DOTALL)
    return found.group(1) if found else "no reason given"


def without_choice(options):
    """The options without those that choose tests."""
    kept, rest = [], iter(options)
    for option in rest:
        if option in ("--filter", "--skip"):
            next(rest, None)
        elif not option.startswith(("--filter=", "--skip=")):
            kept.append(option)
    return kept


def choice(tests):
    return [word for test in tests for word in ("--filter", test.pattern())]


class Runner:
    """Runs the test program until every test has an outcome, or time or patience end."""

    def __init__(self, seconds, environment=None):
        self.deadline = time.monotonic() + seconds
        self.environment = {**os.environ, **(environment or {})}
        self.book = Book()
        self.process = None
        self.inner = None

    def end_process(self, *_):
        if self.inner is not None:
            self.inner.end_process()
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(KILL_SECONDS)
                return
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

    def run(self, options):
        """One run of the program: (exit status, Crash or None). A negative status: out of time."""
        with tempfile.TemporaryDirectory() as directory:
            events = os.path.join(directory, "events")
            command = ["swift", "test", "--disable-xctest", "--event-stream-output-path", events,
                       "--event-stream-version", "0", *options]
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", start_new_session=True, env=self.environment)
            lines = []
            reader = threading.Thread(target=copy, args=(self.process.stdout, lines), daemon=True)
            reader.start()
            try:
                status = self.process.wait(max(1, self.deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.end_process()
                status = -1
            reader.join(KILL_SECONDS)
            if os.path.exists(events):
                self.book.read(events)
            found = re.findall(r"exited with unexpected signal code (\d+)", "".join(lines))
            return status, Crash(int(found[-1]), lines) if found and status > 0 else None

    def run_all(self, options):
        """Runs what the options choose, and again what a crash kept from ending."""
        chosen = options
        for _ in range(CRASHES_MAX):
            status, crash = self.run(chosen)
            if status < 0:
                self.book.others.append("not done when the time was over")
                return
            if crash is None:
                break
            self.blame(crash, options)
            waiting = self.book.with_outcome("running", "never began")
            if not waiting:
                return
            print(f"== the test program crashed; {len(waiting)} tests are still to run", flush=True)
            chosen = without_choice(options) + choice(waiting)
        if not self.book.tests:
            self.book.others.append("no test began: the build failed, or the filter matches none")
        elif status and not self.book.with_outcome("failed", "running", "never began"):
            self.book.others.append(f"swift test ended with status {status}; no test failed")

    def blame(self, crash, options):
        """Finds the test that crashed the program, and gives it that outcome."""
        running = self.book.with_outcome("running")
        for test in running:
            if crash.names(test):
                test.outcome, test.reason = "failed", crash.text()
                return
        for test in running[:SUSPECTS_MAX]:
            print(f"== {test.name} alone, since the program crashed while it ran", flush=True)
            _, own = self.run(without_choice(options) + choice([test]))
            if own is not None:
                test.outcome, test.reason = "failed", own.text()
                return
        names = ", ".join(test.name for test in running) or "no test"
        self.book.others.append(f"the test program {crash.text()}, while these ran: {names}")

    def run_optimized(self, options, scratch):
        """Runs the tests that were skipped for want of an optimized build in one."""
        waiting = [test for test in self.book.with_outcome("skipped")
                   if test.reason.startswith(OPTIMIZED_REASON)]
        if waiting:
            print("== build and test what needs an optimized build", flush=True)
            self.run_all([*OPTIMIZED_BUILD, "--scratch-path", scratch,
                          *without_choice(options), *choice(waiting)])

    def run_watched(self, options, scratch):
        """Runs WATCHED_TESTS in the optimized build; what fails twice is a complaint of its own:
        an allocation that may not be is made again, a test that waited too long is not."""
        print("== what serves, with its allocations watched", flush=True)
        build = os.path.join(scratch, "release")
        with tempfile.TemporaryDirectory() as directory:
            # Some tests start the program as a user without privileges.
            os.chmod(directory, 0o755)
            program = os.path.join(directory, "zswapfs")
            with open(program, "w", encoding="utf-8") as script:
                script.write(f'#!/bin/sh\nLD_PRELOAD="{build}/libCallCounter.so" '
                             f'exec "{build}/zswapfs" "$@"\n')
            os.chmod(program, 0o755)
            filters = [word for pattern in WATCHED_TESTS for word in ("--filter", pattern)]
            filters += ["--skip", UNWATCHED_TESTS]
            failed = []
            for _ in range(2):
                watched = Runner(self.deadline - time.monotonic(),
                                 {"ZSWAPFS_ALLOCATION_TRAP": "1", "ZSWAPFS_PROGRAM": program})
                self.inner = watched
                watched.run_all([*OPTIMIZED_BUILD, "--scratch-path", scratch,
                                 *without_choice(options), *filters])
                failed = watched.book.with_outcome("failed", "running", "never began")
                passed = len(watched.book.with_outcome("passed"))
                print(f"== {passed} tests passed with their allocations watched", flush=True)
                if watched.book.others or not failed:
                    break
                filters = choice(failed)
        self.book.others += [f"allocations watched: {text}" for text in watched.book.others]
        self.book.others += [f"allocations watched: {test.name}: {test.outcome}: {test.reason}"
                             for test in failed]


def copy(stream, lines):
    for line in stream:
        lines.append(line)
        sys.stdout.write(line)
        sys.stdout.flush()


def judge(book, capable):
    """Prints skips and failures; returns the numbers of passed, failed and skipped tests."""
    failures = list(book.others)
    skipped = 0
    for test in sorted(book.tests.values(), key=lambda test: test.name):
        if test.outcome == "skipped" and capable and test.must_run():
            failures.append(f"{test.name}: skipped, though this machine can run it: {test.reason}")
        elif test.outcome == "skipped":
            skipped += 1
            print(f"skipped: {test.name}: {test.reason}")
        elif test.outcome == "failed":
            failures.append(f"{test.name}: {test.reason}")
        elif test.outcome == "running":
            failures.append(f"{test.name}: began and did not end")
    unbegun = len(book.with_outcome("never began"))
    if unbegun:
        failures.append(f"{unbegun} tests never began")
    for failure in failures:
        print(f"FAILED: {failure}")
    return len(book.with_outcome("passed")), len(failures), skipped


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=2100)
    parser.add_argument("--capable", action="store_true")
    parser.add_argument("--optimized")
    parser.add_argument("result")
    parser.add_argument("options", nargs="*")
    arguments = parser.parse_args()
    runner = Runner(arguments.seconds)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: (runner.end_process(), sys.exit(130)))
    runner.run_all(arguments.options)
    if arguments.optimized:
        runner.run_optimized(arguments.options, arguments.optimized)
        if not arguments.options:
            runner.run_watched(arguments.options, arguments.optimized)
    print("== result")
    numbers = judge(runner.book, arguments.capable)
    with open(arguments.result, "w", encoding="utf-8") as result:
        print(*numbers, file=result)
    return 1 if numbers[1] else 0


if __name__ == "__main__":
    sys.exit(main())
