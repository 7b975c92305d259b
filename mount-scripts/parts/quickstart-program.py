#!/usr/bin/env python3
"""A program that really uses its memory, for quickstart to swap out and in again.

It fills itself with a given number of MiB of live Python objects (dicts, lists, strings, bytes,
ints, floats, made from a seed), notes a digest of every shelf of about 1 MiB, then walks over all
of them again and again. Each pass digests what it finds and compares; the last pass also makes
every shelf a second time from the seed and compares object by object. Merely reading Python objects
writes to them (reference counts), so each pass sends most pages out and in again with new contents.

usage: quickstart-program.py [--mebibytes N] [--passes N] [--seed N] [--swapped-min N]
                             [--seconds-max N] [--pageout] [--pause-file PATH]
  --swapped-min N    fail unless at least N MiB of it were in swap at one time (default: a quarter)
  --pageout          push all own pages out with MADV_PAGEOUT before each pass (no cgroup needed)
  --pause-file PATH  after the last pass create PATH and wait until it is removed (60 s at most), so
                     that the caller can look at the store while it is full

exit status: 0 all data right, 1 data wrong, 2 usage, 3 too little was swapped out, 4 out of time,
5 the kernel lacks MADV_PAGEOUT. Changes nothing on the machine.
"""

import argparse
import ctypes
import gc
import hashlib
import marshal
import mmap
import os
import random
import sys
import time

WORDS = (
    "page frame swap store pool buddy handle class chunk reclaim evict shrink compact area "
    "limit reject memory kernel daemon request reply Seite Rahmen Größe mémoire задача 頁 αριθμός"
).split()
RECORDS_PER_SHELF = 420


def status_mebibytes(field):
    """A size line of /proc/self/status (VmRSS, VmSwap) in MiB."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def make_record(rng, number):
    """One record of about 2.4 KiB: some of it compresses well, some a little, some not at all."""
    kind = rng.randrange(8)
    if kind == 0:
        payload = rng.randbytes(1024)  # incompressible
    elif kind < 3:
        payload = bytes(1024)  # same-filled
    else:
        payload = (b"%08x" % rng.getrandbits(32)) * 128
    return {
        "number": number,
        "name": " ".join(rng.choices(WORDS, k=5)),
        "text": " ".join(rng.choices(WORDS, k=40)),
        "tags": rng.sample(WORDS, 4),
        "counts": [rng.randrange(1 << 40) for _ in range(12)],
        "score": rng.random(),
        "payload": payload,
        "parent": None if kind == 7 else number // 2,
    }


def make_shelf(seed, index):
    """Everything of one shelf follows from (seed, index)."""
    rng = random.Random(seed * 1_000_003 + index)
    first = index * RECORDS_PER_SHELF
    return {f"record-{n}": make_record(rng, n) for n in range(first, first + RECORDS_PER_SHELF)}


def digest(shelf):
    """Of all bytes of all objects; marshal's version 2 depends on values only, not on sharing."""
    return hashlib.blake2b(marshal.dumps(shelf, 2), digest_size=16).digest()


def own_anonymous_ranges():
    """(start, length) of every private writable mapping without a file, stacks left out."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            words = line.split()
            name = words[5] if len(words) > 5 else ""
            if words[1] == "rw-p" and words[4] == "0" and name in ("", "[heap]"):
                start, end = (int(word, 16) for word in words[0].split("-"))
                yield start, end - start


def page_out():
    """Asks the kernel to reclaim all of it now (Linux 5.4). Exits 5 where that is refused."""
    advice = getattr(mmap, "MADV_PAGEOUT", 21)
    libc = ctypes.CDLL(None, use_errno=True)
    for start, length in list(own_anonymous_ranges()):
        if libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), advice) != 0:
            print("program: MADV_PAGEOUT:", os.strerror(ctypes.get_errno()), file=sys.stderr)
            sys.exit(5)


class Program:
    """The shelves, their digests, and how much of them was in swap at most."""

    def __init__(self, options):
        self.options = options
        self.deadline = time.monotonic() + options.seconds_max
        self.shelves, self.digests = [], []
        self.swapped_max = 0.0

    def check_time(self):
        if time.monotonic() > self.deadline:
            print(f"program: not done after {self.options.seconds_max} s", file=sys.stderr)
            sys.exit(4)

    def note_swapped(self):
        self.swapped_max = max(self.swapped_max, status_mebibytes("VmSwap"))

    def fill(self):
        started = time.monotonic()
        before = status_mebibytes("VmRSS") + status_mebibytes("VmSwap")
        grown = 0.0
        while grown < self.options.mebibytes:
            shelf = make_shelf(self.options.seed, len(self.shelves))
            self.shelves.append(shelf)
            self.digests.append(digest(shelf))
            grown = status_mebibytes("VmRSS") + status_mebibytes("VmSwap") - before
            self.note_swapped()
            self.check_time()
        print(
            f"program: {grown:.0f} MiB of live objects in {len(self.shelves)} shelves of"
            f" {RECORDS_PER_SHELF} records, seed {self.options.seed},"
            f" {time.monotonic() - started:.1f} s;"
            f" in swap now {status_mebibytes('VmSwap'):.0f} MiB",
            flush=True,
        )

    def walk(self, number, again):
        """One pass in an order of its own; with `again` each shelf is also made a second time."""
        started = time.monotonic()
        if self.options.pageout:
            page_out()
            self.note_swapped()
        order = list(range(len(self.shelves)))
        random.Random(self.options.seed + number).shuffle(order)
        wrong = 0
        for index in order:
            shelf = self.shelves[index]
            same = digest(shelf) == self.digests[index]
            if again:
                same = same and shelf == make_shelf(self.options.seed, index)
            if not same:
                wrong += 1
                print(f"program: shelf {index} is WRONG in pass {number}", file=sys.stderr)
            self.note_swapped()
            self.check_time()
        kind = "digests and a second making" if again else "digests"
        print(
            f"program: pass {number} ({kind}): {len(order) - wrong} shelves right, {wrong} wrong,"
            f" {time.monotonic() - started:.1f} s;"
            f" in swap now {status_mebibytes('VmSwap'):.0f} MiB",
            flush=True,
        )
        return wrong

    def pause(self):
        path = self.options.pause_file
        if path is None:
            return
        if self.options.pageout:
            page_out()
        with open(path, "w"):
            pass
        end = time.monotonic() + 60
        while os.path.exists(path) and time.monotonic() < end:
            time.sleep(0.1)

    def run(self):
        self.fill()
        gc.freeze()
        passes = self.options.passes
        wrong = sum(self.walk(number, again=number == passes) for number in range(1, passes + 1))
        self.pause()
        if wrong:
            return 1
        least = self.options.swapped_min
        if least is None:
            least = self.options.mebibytes // 4
        most = f"at most {self.swapped_max:.0f} MiB were in swap at one time"
        if self.swapped_max < least:
            print(f"program: {most}, expected {least}", file=sys.stderr)
            return 3
        print(f"program: all right; {most}", flush=True)
        return 0


def main():
    parser = argparse.ArgumentParser(description="Fills memory with objects and checks them.")
    parser.add_argument("--mebibytes", type=int, default=400)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--swapped-min", type=int)
    parser.add_argument("--seconds-max", type=int, default=600)
    parser.add_argument("--pageout", action="store_true")
    parser.add_argument("--pause-file")
    gc.disable()
    return Program(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
