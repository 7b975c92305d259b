#!/usr/bin/env python3
"""Counts the tests of a `swift test` run, for mount-scripts/test.

usage: count-tests.py EVENTS SWIFT_TEST_STATUS CAPABLE
  EVENTS             what `swift test --event-stream-output-path` wrote (JSON lines, version 0);
                     may be missing
  SWIFT_TEST_STATUS  the exit status of swift test
  CAPABLE            "capable" when this machine can mount and swap, else anything

Prints each failure and each skip with its reason, then a last line of three numbers: passed,
failed, skipped. A test is one function, however many arguments it has. A test that began and did
not end (a crash, a time limit) failed, so did one that was planned and never began.
Exit status 0; 2 on usage.
"""

import json
import re
import sys

# On a capable machine these may not be skipped: what they prove is the point of the project.
MUST_RUN_NAME = re.compile(r"^(Mounted|CommandLine|Swap|Bench)Tests\.")
MUST_RUN_REASON = re.compile(r"/dev/fuse|\bloop|\broot\b|\bmount|\bswap", re.IGNORECASE)


class Test:
    def __init__(self, name):
        self.name = name
        self.outcome = "never began"
        self.reason = ""

    def must_run(self):
        if self.reason.startswith("optional:"):
            return False
        return bool(MUST_RUN_NAME.search(self.name) or MUST_RUN_REASON.search(self.reason))


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


def read_events(path):
    """(tests by id, complaints that belong to no test)"""
    tests, others = {}, []
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # cut off by a crash
            payload = record.get("payload", {})
            if record.get("kind") == "test" and payload.get("kind") == "function":
                tests[payload["id"]] = Test(short_name(payload["id"]))
            elif record.get("kind") == "event":
                take_event(payload, tests, others)
    return tests, others


def take_event(payload, tests, others):
    kind, test = payload.get("kind"), tests.get(payload.get("testID"))
    failure = first_text(payload, ("fail",))
    if test is None:
        if kind == "issueRecorded" and failure:
            others.append(failure)
    elif kind == "testStarted":
        test.outcome = "did not end (a crash, or the time limit)"
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


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    path, status, capable = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "capable"
    try:
        tests, others = read_events(path)
    except OSError:
        tests, others = {}, ["no test began: the build failed, or the test program could not start"]
    passed = skipped = 0
    failures = list(others)
    for test in sorted(tests.values(), key=lambda test: test.name):
        if test.outcome == "passed":
            passed += 1
        elif test.outcome == "skipped" and capable and test.must_run():
            failures.append(f"{test.name}: skipped, though this machine can run it: {test.reason}")
        elif test.outcome == "skipped":
            skipped += 1
            print(f"skipped: {test.name}: {test.reason}")
        else:
            reason = f": {test.reason}" if test.reason else ""
            failures.append(f"{test.name}: {test.outcome}{reason}")
    if not tests and not failures:
        failures.append("no test ran: does the filter match any?")
    if status and not failures:
        failures.append(f"swift test ended with status {status}, though no counted test failed")
    for failure in failures:
        print(f"FAILED: {failure}")
    print(passed, len(failures), skipped)
    return 0


if __name__ == "__main__":
    sys.exit(main())
