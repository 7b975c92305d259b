"""fio: random writes by every engine that moves a file's bytes, read back and verified."""

import os
import re
import shutil

from place import run, trouble_of

# Engines that verify files; some take one request at a time, whatever the depth is.
ENGINES = ("sync", "psync", "vsync", "pvsync", "pvsync2", "posixaio", "libaio", "io_uring",
           "splice", "mmap")
# The reasons why the other engines of fio are not run.
OTHERS = {
    "cpuio": "moves no bytes", "null": "moves no bytes", "exec": "moves no bytes",
    "ftruncate": "moves no bytes", "filecreate": "moves no bytes",
    "filestat": "moves no bytes", "filedelete": "moves no bytes", "falloc": "moves no bytes",
    "e4defrag": "is of ext4", "net": "is of sockets", "netsplice": "is of sockets",
    "gfapi": "is of a server", "gfapi_async": "is of a server", "rdma": "is of a server",
    "rados": "is of a server", "rbd": "is of a server", "nbd": "is of a server",
    "http": "is of a server", "libhdfs": "is of a server", "nfs": "is of a server",
    "mtd": "is of a device", "sg": "is of a device", "io_uring_cmd": "is of a device",
    "libzbc": "is of a device", "dev-dax": "is of persistent memory",
    "libpmem": "is of persistent memory", "pmemblk": "is of persistent memory",
    "libcufile": "is of a graphics processor",
}
SUITE = "fio"


def job(path, engine, depth, way, block, size):
    words = [
        "fio", "--name=verify", f"--filename={path}", f"--ioengine={engine}",
        f"--iodepth={depth}", f"--bs={block}", f"--size={size}", "--rw=randwrite",
        "--verify=crc32c", "--do_verify=1", "--verify_fatal=1", "--randseed=1",
        "--refill_buffers", "--buffer_compress_percentage=50", "--minimal", "--eta=never",
    ]
    if way == "direct":
        words.append("--direct=1")
    if engine == "splice":
        words.append("--thread")
    return words


def engines():
    _, text = run(["fio", "--enghelp"], 60)
    return [line.strip() for line in text.splitlines()[1:] if line.strip()]


def cases(names, size):
    for engine in names:
        for way in ("mapped",) if engine == "mmap" else ("buffered", "direct"):
            for depth in (1, 32):
                for block in ("512", "4k", "64k") if way == "buffered" else ("4k", "64k"):
                    # Blocks of 512 bytes make eight times as many requests.
                    yield engine, depth, way, block, size // 8 if block == "512" else size


def difference(engine, text):
    """The reason of a failure that is expected."""
    if engine == "mmap" and re.search(r"mmap.*No such device|error=No such device", text):
        return "shared mappings need libfuse 3.17 and Linux 6.6"
    return ""


def run_areas(place, tally, options):
    """Every engine on an area."""
    if shutil.which("fio") is None:
        tally.tell("skipped", SUITE, "all", "no fio; apt-get install fio")
        return
    for engine in engines():
        if engine not in ENGINES:
            tally.tell("skipped", SUITE, engine, OTHERS.get(engine, "is not known here"))
    run_cases(place, tally, options, ENGINES, place.mount, f"{SUITE} on areas")


def run_inner(place, tally, options):
    """Engines that an area may not take, or that a filesystem answers by its own ways."""
    names = ("psync", "libaio", "io_uring", "mmap")
    run_cases(place, tally, options, names, place.inner, f"{SUITE} on ext4 on an area")


def run_cases(place, tally, options, names, folder, suite):
    known = engines()
    path = os.path.join(folder, "fio")
    for engine, depth, way, block, size in cases(names, options.fio_size):
        case = f"{engine}, depth {depth}, {way}, blocks of {block}"
        if engine not in known:
            tally.tell("skipped", suite, case, "this fio does not have the engine")
            continue
        words = job(path, engine, depth, way, block, size)
        status, text = run(words, 300, cwd=place.directory)
        if os.path.exists(path):
            os.unlink(path)
        if status == 0:
            tally.judge(suite, case, place.check())
            continue
        told = [line for line in text.splitlines() if line.startswith(("fio:", "verify:"))]
        reason = trouble_of(status, "\n".join(told) or text)[:300]
        known_reason = difference(engine, text)
        tally.tell("differs" if known_reason else "failed", suite, case, known_reason or reason)
