"""pjdfstest: the cases of regular files, run in the root of the mount, since there are no folders.

ZSWAPFS_PJDFSTEST names its folder: the program `pjdfstest`, built, and `tests`. Each script makes
a folder first and works in it; here it goes on in the root. Loops over kinds of files are cut
down to regular ones. A case that differs is told with its reason, by the call that was tried: one
that this filesystem refuses by design, or one that needs a file which such a call would have made.
"""

import os
import re
import shutil
import tempfile

from place import run

GROUPS = ("chmod", "chown", "ftruncate", "mknod", "open", "posix_fallocate", "rename", "truncate",
          "unlink", "utimensat")
SUITE = "pjdfstest"
KINDS = {"mkdir", "symlink", "link", "mkfifo", "mknod", "bind"}
ONLY_FILES = "areas are files in the root: no folders, links, pipes, sockets or devices"
NEEDS_OTHER = "needs a file of another kind, or a name in a folder"
ROOT_FIXED = "mode and owner of the root folder are those of the mount"
FOREIGN_NAMES = "only the owner of the mount makes, removes and renames areas"


class Script:
    """The outcomes of the cases of one script, in their order."""

    def __init__(self, text):
        # Links that the script makes without telling.
        self.has_plain_links = re.search(r"^\s*ln -s", text, re.MULTILINE) is not None
        self.passed = 0
        self.differs = {}
        self.failed = []
        self.refused = set()
        self.is_root_wanted = False
        # The case before was refused by design: the next look lacks its effect.
        self.is_after_refusal = False

    def differ(self, reason):
        self.differs[reason] = self.differs.get(reason, 0) + 1
        self.is_after_refusal = True

    def take(self, line):
        if line.startswith("ok "):
            self.passed += 1
            self.is_after_refusal = False
            return
        match = re.match(r"not ok \d+(?: - tried '(.*)', expected (.*), got (.*))?$", line)
        if match is None:
            return
        if match.group(1) is None:
            # A comparison of times or of texts, which names neither call nor file.
            if self.refused or self.is_root_wanted:
                self.differ(NEEDS_OTHER)
            else:
                self.failed.append(line)
            return
        self.sort(line, match.group(1).split(), match.group(3))

    def sort(self, line, words, got):
        """A case that is not as expected: by design, or wrong."""
        is_foreign = False
        while len(words) > 1 and words[0] in ("-u", "-g", "-U"):
            is_foreign = is_foreign or (words[0] == "-u" and words[1] != "0")
            words = words[2:]
        call, names = words[0], [part for word in words[1:] for part in word.split("/")]
        names = {name for name in names if name.startswith("pjdfstest_")}
        # A look after a refusal, or at links that were not made.
        is_look = call in ("stat", "lstat", "fstat", "unlink")
        is_kind = call in KINDS
        if is_kind and got in ("EPERM", "EACCES", "ENOTDIR"):
            self.refused |= {words[-1]} & names if call in ("link", "symlink") else names
            self.differ(ONLY_FILES)
        elif is_look and (self.is_after_refusal or self.is_of_links(line, got)):
            self.differ(NEEDS_OTHER)
        elif names & self.refused or any("/" in word for word in words[1:]):
            self.refused |= names
            self.differ(NEEDS_OTHER)
        elif "." in words[1:] or not names:
            self.is_root_wanted = True
            self.differ(ROOT_FIXED)
        elif is_foreign and got in ("EACCES", "EPERM", "ENOENT"):
            self.refused |= names
            self.differ(FOREIGN_NAMES)
        else:
            self.failed.append(line)


    def is_of_links(self, line, got):
        """Two links are expected where one could be made, or a link that `ln -s` could not make."""
        expected = line.split("expected ")[-1].split(", got ")[0]
        return (expected.endswith(",2") and got.endswith(",1")) or (
            got == "ENOENT" and self.has_plain_links)


def regular_only(text):
    """A script whose loops go over regular files only."""
    return re.sub(r"^(\s*for type in )([^;]*\bregular\b[^;]*)(;.*)$", r"\1regular\3", text,
                  flags=re.MULTILINE)


def prepare(source, directory):
    """A copy of the tests beside the program, with regular files only."""
    shutil.copytree(os.path.join(source, "tests"), os.path.join(directory, "tests"))
    shutil.copy2(os.path.join(source, "pjdfstest"), directory)
    for group in GROUPS:
        folder = os.path.join(directory, "tests", group)
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                text = regular_only(file.read())
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)


def run_suite(place, tally, options):
    source = os.environ.get("ZSWAPFS_PJDFSTEST", "")
    if not os.access(os.path.join(source, "pjdfstest"), os.X_OK):
        reason = "ZSWAPFS_PJDFSTEST names no folder with the program pjdfstest and its tests"
        tally.tell("skipped", SUITE, "all", reason)
        return
    if shutil.which("openssl") is None:
        tally.tell("skipped", SUITE, "all", "no openssl, which its scripts use")
        return
    with tempfile.TemporaryDirectory(dir=place.directory) as directory:
        os.chmod(directory, 0o755)
        prepare(source, directory)
        for group in GROUPS:
            folder = os.path.join(directory, "tests", group)
            names = sorted(n for n in os.listdir(folder) if n.endswith(".t"))
            for name in names:
                run_script(place, tally, f"{group}/{name}", os.path.join(folder, name))


def run_script(place, tally, case, path):
    status, text = run(["sh", path], 300, cwd=place.mount)
    with open(path, encoding="utf-8") as file:
        script = Script(file.read())
    for line in text.splitlines():
        script.take(line)
    place.clear()
    if script.passed:
        tally.tell("passed", SUITE, case, number=script.passed,
                   reason=f"{script.passed} cases")
    for reason, number in script.differs.items():
        tally.tell("differs", SUITE, case, f"{number} cases: {reason}", number)
    for line in script.failed:
        tally.tell("failed", SUITE, case, line)
    if status is None:
        tally.tell("failed", SUITE, case, "it did not end")
    elif not (script.passed or script.differs or script.failed):
        tally.tell("skipped", SUITE, case, text.strip().splitlines()[-1] if text.strip() else "")
