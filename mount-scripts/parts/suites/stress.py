"""stress-ng: stressors that verify what they read, on files, and on memory that is swapped here.

The file stressors make folders, which a mount has none of: they run on an ext4 that stands on a
loop device on an area, in a memory group, so that the page cache is short and pages come back.
The memory stressors run in the group while its swap is an area.
"""

import os
import re
import shutil
import time

from place import last_line, run, trouble_of

FILES = ("aio", "copy-file", "dirmany", "fallocate", "file-ioctl", "filename", "hdd", "iomix",
         "io-uring", "metamix", "mmapcopy", "msync", "punch", "rawio", "readahead", "revio", "seek",
         "sync-file", "verity", "write")
MEMORY = ("bigheap", "brk", "fork", "madvise", "malloc", "mcontend", "memcpy", "memfd", "memrate",
          "memthrash", "mmap", "mmapfork", "mmaphuge", "mmapmany", "mremap", "pageswap", "physpage",
          "shm", "shm-sysv", "stack", "stream", "swap", "tmpfs", "tree", "vm", "vm-rw", "vm-splice")
# Stressors that do not verify, or use the machine's memory or swap.
LEFT_OUT = {
    "swap": "makes swap areas of its own", "tmpfs": "fills a mounted tmpfs of the machine",
    "physpage": "reads the machine's memory", "verity": "needs a filesystem with verity",
    "rawio": "needs a disk", "memrate": "measures and does not verify",
    "stream": "measures and does not verify", "memthrash": "does not verify",
}
# Bytes for those that take a size; others have their own.
SIZES = {"vm": "--vm-bytes", "mmap": "--mmap-bytes", "malloc": "--malloc-bytes",
         "memfd": "--memfd-bytes", "shm": "--shm-bytes", "mremap": "--mremap-bytes",
         "vm-rw": "--vm-rw-bytes", "bigheap": "--bigheap-growth", "hdd": "--hdd-bytes",
         "fallocate": "--fallocate-bytes", "copy-file": "--copy-file-bytes",
         "iomix": "--iomix-bytes", "readahead": "--readahead-bytes", "revio": "--revio-bytes",
         "seek": "--seek-size", "sync-file": "--sync-file-bytes", "msync": "--msync-bytes"}

# The least that copy-file takes, and the step by which bigheap grows.
LEAST = {"copy-file": "128m", "bigheap": "1m"}
WRONG = re.compile(r"fail:|verif\w* (?:fail|error)|mismatch|corrupt|unsuccessful run")
# Failures that have another reason than the area.
KNOWN = {
    ("io-uring", r"IORING_OP_STATX"): "fails in the same way on the machine's own filesystems",
}
# The end of a child, as its parent tells it.
CHILD_GONE = re.compile(r"fail: .*\bshm(?:-sysv)?: (?:zero bytes read|read failed)")


def known_stressors():
    _, text = run(["stress-ng", "--stressors"], 60)
    return set(text.split())


def end_count(group):
    """The number of processes of the group that the kernel has ended for want of memory."""
    for name in ("memory.events", "memory.oom_control"):
        path = os.path.join(group, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                return int(re.search(r"^oom_kill (\d+)", file.read(), re.MULTILINE).group(1))
    return 0


def outcome(name, status, text):
    """(outcome, reason) of one stressor."""
    if status is None:
        return "failed", "it did not end"
    for (stressor, pattern), reason in KNOWN.items():
        if stressor == name and re.search(pattern, text):
            return "differs", reason
    wrong = [line for line in text.splitlines() if WRONG.search(line)]
    if wrong:
        return "failed", wrong[0].strip()
    if "skipp" in text and status in (0, 3, 4) and "dispatching hogs" not in text:
        return "skipped", last_line(text)
    if status == 0 and "successful run completed" in text:
        return "passed", ""
    return "failed", f"status {status}: {last_line(text)}"


def stress(place, tally, suite, names, seconds, words, size, only=None):
    if shutil.which("stress-ng") is None:
        tally.tell("skipped", suite, "all", "no stress-ng; apt-get install stress-ng")
        return
    known = known_stressors()
    for name in names:
        if only and name not in only:
            continue
        if name in LEFT_OUT:
            tally.tell("skipped", suite, name, LEFT_OUT[name])
            continue
        if name not in known:
            tally.tell("skipped", suite, name, "this stress-ng does not have it")
            continue
        # Segments of System V outlive their makers, locked ones as well, but not their namespace.
        command = ["unshare", "--ipc", "stress-ng", f"--{name}", "1", "--verify", "--timeout",
                   f"{seconds:.0f}s", *words]
        if name in SIZES:
            command += [SIZES[name], LEAST.get(name, size)]
        ended, begin = end_count(place.group), time.monotonic()
        status, text = run(command, seconds * 4 + 120, cwd=place.directory, group=place.group)
        taken = time.monotonic() - begin
        result, reason = outcome(name, status, text)
        is_short = status == -9 or (result == "passed" and taken < seconds * 0.9) \
            or CHILD_GONE.search(text)
        if is_short and end_count(place.group) > ended:
            result, reason = "differs", "it needs more than the group has; the kernel ended it"
        tally.tell(result, suite, f"{name}, {taken:.0f} s", reason)


def run_files(place, tally, options, folder):
    suite = "stress-ng on ext4 on an area"
    if place.make_group(128 << 20) is None:
        tally.tell("skipped", suite, "all", "no memory cgroup")
        return
    stress(place, tally, suite, FILES, options.stress_seconds, ["--temp-path", folder], "64m",
           options.stressor)


def swapped(place):
    """Pages that were written to the area, and read from it."""
    lines = dict(line.split() for line in place.control("stats/areas/swap").splitlines())
    return int(lines["writes"]), int(lines["reads"])


def run_memory(place, tally, options):
    """Counts the pages that went to the area: a run that swapped hardly any fails."""
    suite = "stress-ng in memory that is swapped"
    if place.make_group(options.group_mib << 20) is None:
        tally.tell("skipped", suite, "all", "no memory cgroup")
        return
    size = f"{4 * options.group_mib}M"
    status, text = run([place.program, "swap", "on", place.path("swap"), "--size", size], 60)
    if status != 0:
        tally.tell("skipped", suite, "all", last_line(text))
        return
    before = swapped(place)
    size = f"{2 * options.group_mib}m"
    stress(place, tally, suite, MEMORY, options.swap_seconds, [], size, options.stressor)
    out, back = (now - then for now, then in zip(swapped(place), before))
    trouble = place.check()
    if min(out, back) < 1000:
        trouble = "hardly any page was swapped"
    told = f"{out} pages went to the area and {back} came back"
    tally.judge(suite, told, trouble)
    status, text = run([place.program, "swap", "off", place.path("swap")], 600)
    tally.judge(suite, "swap off", trouble_of(status, text))
    place.clear()
