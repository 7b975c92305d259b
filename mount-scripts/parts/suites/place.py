"""place: a mount that suites run on, and the outcomes of their cases.

A place is one mount in a directory of its own. On it, when asked for: a filesystem on a loop
device on an area, and swap in a memory group. `take_down` removes all of it, in any state.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

PREFIX = "zswapfs-suites-"
GROUP = "zswapfs-suites-"


class Tally:
    """Cases by their outcome; each is told as it ends."""

    def __init__(self):
        self.counts = {"passed": 0, "failed": 0, "skipped": 0, "differs": 0}
        self.suites = {}

    def tell(self, outcome, suite, case, reason="", number=1):
        self.counts[outcome] += number
        suite_counts = self.suites.setdefault(suite, dict.fromkeys(self.counts, 0))
        suite_counts[outcome] += number
        print(f"{outcome:8}{suite}: {case}" + (f": {reason}" if reason else ""), flush=True)

    def judge(self, suite, case, trouble):
        """Failed for this reason; passed when it is empty."""
        self.tell("failed" if trouble else "passed", suite, case, trouble)

    def summary(self):
        for suite, counts in self.suites.items():
            words = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
            print(f"  {suite}: {words}")
        print(
            "{passed} passed, {failed} failed, {skipped} skipped".format(**self.counts), flush=True
        )


def run(words, seconds, cwd=None, group=None, env=None):
    """Runs a program; (status, all that it wrote). Ends it, and what it started, when it is late:
    the status is None then."""
    if group is not None:
        script = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
        words = ["sh", "-c", script, group, *words]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd,
            start_new_session=True, env={**os.environ, "LC_ALL": "C", **(env or {})},
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        output.seek(0)
        return status, output.read().decode(errors="replace")


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


def trouble_of(status, text, fault=last_line):
    """The reason why a program that was run failed; empty when it did not."""
    if status is None:
        return "it did not end"
    return fault(text) if status != 0 else ""


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


class Place:
    """One mount and what stands on it."""

    def __init__(self, program, options):
        self.program = program
        parent = os.environ.get("TMPDIR", "/var/tmp")
        remove_leftovers(program, parent)
        self.directory = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent)
        # Other users have to reach the mount.
        os.chmod(self.directory, 0o755)
        self.mount = os.path.join(self.directory, "mount")
        self.inner = os.path.join(self.directory, "inner")
        os.mkdir(self.mount)
        os.mkdir(self.inner)
        self.group = None
        status, text = run([program, "mount", self.mount, "-o", options], 60)
        if status != 0:
            raise OSError(f"no mount: {last_line(text)}")

    def path(self, name):
        return os.path.join(self.mount, name)

    def control(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().strip()

    def check(self):
        """Looks for damaged pages and failed reads; returns a reason, empty if there are none."""
        for name in ("stats/checksum_fail", "stats/failed_reads", "stats/restarts"):
            if self.control(name) != "0":
                return f"{name} is {self.control(name)}"
        return ""

    def clear(self):
        """Removes every area that a suite left."""
        for name in os.listdir(self.mount):
            if name not in ("params", "stats"):
                os.unlink(self.path(name))

    def make_filesystem(self, size):
        """An ext4 on a loop device on an area, mounted at `inner`; the device."""
        with open(self.path("disk"), "wb") as file:
            file.truncate(size)
        status, text = run(
            ["losetup", "--find", "--show", "--direct-io=on", "--sector-size", "4096",
             self.path("disk")], 60)
        if status != 0:
            raise OSError(f"losetup: {last_line(text)}")
        device = text.strip()
        for words in (["mkfs.ext4", "-q", device], ["mount", device, self.inner]):
            status, text = run(words, 120)
            if status != 0:
                raise OSError(f"{words[0]}: {last_line(text)}")
        return device

    def remove_filesystem(self, device):
        """Takes it down; returns the complaint of e2fsck, empty if there is none."""
        wait_for(lambda: run(["umount", self.inner], 60)[0] == 0)
        status, text = run(["e2fsck", "-f", "-n", device], 300)
        run(["losetup", "-d", device], 60)
        wait_for(lambda: device not in loops_under(self.directory))
        self.clear()
        return trouble_of(status, text)

    def make_group(self, limit):
        """A memory cgroup with this many bytes, of version 1 or 2; None where there is none."""
        self.group = make_group(f"{GROUP}{os.getpid()}", limit)
        return self.group

    def take_down(self):
        take_down(self.program, self.directory)
        remove_group(self.group)
        shutil.rmtree(self.directory, ignore_errors=True)


def memory_hierarchies():
    """(directory, name of the limit) of each hierarchy that may have the memory controller."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, place, kind, options = line.split()[:4]
            if kind == "cgroup" and "memory" in options.split(","):
                yield place, "memory.limit_in_bytes"
            elif kind == "cgroup2":
                yield place, "memory.max"


def make_group(name, limit):
    for place, file in memory_hierarchies():
        group = os.path.join(place, name)
        try:
            os.makedirs(group, exist_ok=True)
            with open(os.path.join(group, file), "w", encoding="utf-8") as out:
                out.write(str(limit))
            return group
        except OSError:
            remove_group(group)
    return None


def remove_group(group):
    """Removes a group, and ends the processes in it."""
    for _ in range(100):
        if group is None or not os.path.isdir(group):
            return
        try:
            with open(os.path.join(group, "cgroup.procs"), encoding="utf-8") as file:
                for line in file:
                    os.kill(int(line), signal.SIGKILL)
            os.rmdir(group)
        except OSError:
            time.sleep(0.1)


def loops_under(directory):
    found = []
    for name in os.listdir("/sys/block"):
        try:
            with open(f"/sys/block/{name}/loop/backing_file", encoding="utf-8") as file:
                if file.read().startswith(directory + "/"):
                    found.append(f"/dev/{name}")
        except OSError:
            pass
    return found


def take_down(program, directory):
    """Programs before the swap they live in, swap before the store that holds it."""
    with open("/proc/swaps", encoding="utf-8") as file:
        swaps = re.findall(r"^/dev/\S+", file.read(), re.MULTILINE)
    for device in loops_under(directory):
        if device in swaps and run([program, "swap", "off", device], 600)[0] != 0:
            raise OSError(f"{device} is still swapped to")
    run(["umount", "-l", os.path.join(directory, "inner")], 60)
    for device in loops_under(directory):
        run(["losetup", "-d", device], 60)
    wait_for(lambda: not loops_under(directory))
    mount = os.path.join(directory, "mount")
    if run([program, "unmount", mount], 60)[0] != 0 and os.path.ismount(mount):
        ctypes.CDLL(None).umount2(mount.encode(), 2)


def remove_leftovers(program, parent):
    """Takes down the places of runs that were killed."""
    for name in os.listdir(parent):
        owner = name[len(PREFIX):].split("-")[0]
        if name.startswith(PREFIX) and owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
            for place, _ in memory_hierarchies():
                remove_group(os.path.join(place, f"{GROUP}{owner}"))
            take_down(program, os.path.join(parent, name))
            shutil.rmtree(os.path.join(parent, name), ignore_errors=True)
