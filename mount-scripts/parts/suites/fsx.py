"""fsx and fsstress: random operations on one file, and on folders of files.

Debian has no package of them: ZSWAPFS_FSX and ZSWAPFS_FSSTRESS name the programs.
"""

import os
import re

from place import last_line, run, trouble_of

# Lengths and offsets that direct I/O takes.
DIRECT = ["-r", "4096", "-w", "4096", "-t", "4096", "-R", "-W", "-Z"]


def program(variable):
    """(path, reason why there is none)"""
    path = os.environ.get(variable, "")
    if not path:
        return None, f"{variable} names no program"
    if not os.access(path, os.X_OK):
        return None, f"{variable}={path} is no program"
    return os.path.abspath(path), ""


def has_shared_mappings(place):
    """True if mmap(2) takes a shared mapping of an area."""
    script = ("import mmap, os, sys\n"
              "file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\n"
              "os.ftruncate(file, 4096)\n"
              "mmap.mmap(file, 4096)\n")
    status, _ = run(["python3", "-c", script, place.path("mapping")], 60)
    place.clear()
    return status == 0


def ran(text):
    """The kinds of operations that fsx says it left out by itself."""
    found = re.findall(r"(?:fallocate|copy|clone|dedupe|exchange)\w*[^\n]*(?:not supported|disab)",
                       text, re.IGNORECASE)
    return f" ({len(found)} kinds of operations are not supported)" if found else ""


def run_fsx(place, tally, options, folder, where):
    """Plain, direct, and with the file closed and opened all the time."""
    suite = f"fsx {where}"
    path, reason = program("ZSWAPFS_FSX")
    if path is None:
        tally.tell("skipped", suite, "all", reason)
        return
    mappings = [] if where != "on areas" or has_shared_mappings(place) else ["-R", "-W"]
    if mappings:
        tally.tell("differs", suite, "shared mappings",
                   "they need libfuse 3.17 and Linux 6.6; fsx runs with -R -W")
    kinds = {"plain": [], "direct": DIRECT, "closed and opened": ["-c", "10"],
             "long writes": ["-l", "4194304", "-o", "1048576"]}
    for kind, words in kinds.items():
        for seed in range(1, options.fsx_seeds + 1):
            file = os.path.join(folder, "fsx")
            command = [path, "-q", "-N", str(options.fsx_operations), "-S", str(seed), *mappings,
                       *words, "-P", place.directory, file]
            status, text = run(command, 900, cwd=place.directory)
            case = f"{kind}, seed {seed}, {options.fsx_operations} operations"
            case += ran(text) if status == 0 else ""
            tally.judge(suite, case, trouble_of(status, text, first_fault))
            for name in os.listdir(place.directory):
                if name.startswith("fsx."):
                    os.unlink(os.path.join(place.directory, name))
            if os.path.exists(file):
                os.unlink(file)


def first_fault(text):
    for line in text.splitlines():
        if re.search(r"error|bad|mismatch|:.*: ", line, re.IGNORECASE):
            return line.strip()
    return last_line(text)


def run_fsstress(place, tally, options, folder, where):
    suite = f"fsstress {where}"
    path, reason = program("ZSWAPFS_FSSTRESS")
    if path is None:
        tally.tell("skipped", suite, "all", reason)
        return
    for seed in range(1, options.fsx_seeds + 1):
        command = [path, "-d", folder, "-n", str(options.fsstress_operations), "-p", "4", "-s",
                   str(seed), "-c"]
        status, text = run(command, 900, cwd=place.directory)
        case = f"seed {seed}, 4 processes, {options.fsstress_operations} operations each"
        tally.judge(suite, case, trouble_of(status, text))
