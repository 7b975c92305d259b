#!/usr/bin/env bash
# try-package.sh: installs a package, swaps a program to it, upgrades it meanwhile, and removes it.
# Run by `mount-scripts/try-in-bare-root --package FILE` in a Debian that has nothing on it; it
# changes the system that it runs on, so it refuses any other.
#
# usage: try-package.sh FILE
# exit status: 0 all went well; 1 something did not, as the last line says; 2 wrong usage
set -euo pipefail
# shellcheck source=mount-scripts/parts/common.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

[[ $# -eq 1 && -f $1 ]] || die 2 "usage: try-package.sh FILE"
[[ -e /etc/zswapfs-bare-root ]] || die 2 "this is no bare root: mount-scripts/try-in-bare-root"
package=$(readlink -f "$1")
mount=/run/zswapfs/main
work=$(mktemp -d)
program=
group=

finish() {
    local status=$?
    if [[ -n $program ]]; then kill "$program" 2>/dev/null || true; fi
    if [[ -n $group ]]; then remove_cgroup "$group" || true; fi
    rm -rf -- "$work"
    exit "$status"
}
trap finish EXIT

fail() { die 1 "$*"; }
step() { say "-- $*"; }
apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@" >"$work/log" 2>&1; }
must() { "$@" || { cat "$work/log" >&2 2>/dev/null; fail "failed: $*"; }; }
value() { zswapfs get "$mount" "$1"; }

# ---- installed -----------------------------------------------------------------------------------

step "install"
must apt update
must apt install --no-install-recommends "$package"
command -v swift >/dev/null && fail "there is a toolchain here: nothing is shown by this"
zswapfs --version
zswapfs-bench --version >/dev/null || fail "zswapfs-bench does not run"
dpkg -L zswapfs >"$work/files"
for file in /usr/sbin/mount.fuse.zswapfs /usr/lib/systemd/system/zswapfs@.service \
    /usr/share/bash-completion/completions/zswapfs; do
    [[ -e $file ]] || fail "$file is missing"
done
status=0
zswapfs doctor || status=$?
[[ $status -eq 0 || $status -eq 69 ]] || fail "doctor ended with status $status"

# ---- configured and used -------------------------------------------------------------------------

step "configure and start"
cp /etc/zswapfs.conf "$work/conf"
cat >/etc/zswapfs.conf <<'END'
[main]
arena = min(ram / 4, 512M)
zpool = zbud
[main/swap]
size = 256M
priority = 5
END
must zswapfs start
must zswapfs start # once more: nothing is left to do
[[ $(value zpool) == zbud ]] || fail "the configuration was not followed"
[[ $(wc -l </proc/swaps) -ge 2 ]] || fail "nothing is swapped to"

# A program with 96 MiB of its own in 48 MiB of memory; it checks every byte when it is asked.
# shellcheck disable=SC2016  # perl's own variables
cat >"$work/program.pl" <<'END'
my @pages = map { pack("N", $_) . ("page $_ " x 400) } 0 .. 24575;
$| = 1;
print "ready\n";
while (<STDIN>) {
    for my $n (0 .. $#pages) {
        die "page $n is wrong\n" if $pages[$n] ne pack("N", $n) . ("page $n " x 400);
    }
    print "whole\n";
}
END
read -r kind hierarchy < <(memory_cgroup) || fail "no memory cgroup: nothing would be swapped"
group=$hierarchy/zswapfs-package-$$
mkdir "$group"
if [[ $kind == v1 ]]; then limit=memory.limit_in_bytes; else limit=memory.max; fi
echo $((48 << 20)) >"$group/$limit"
mkfifo "$work/in" "$work/out"
# shellcheck disable=SC2016  # expanded by the inner shell
bash -c 'echo $$ >"$1/cgroup.procs"; exec perl "$2"' - "$group" "$work/program.pl" \
    <"$work/in" >"$work/out" &
program=$!
exec 3>"$work/in" 4<"$work/out"
read -r -t 120 answer <&4 || fail "the program did not start"
check_program() {
    echo check >&3
    read -r -t 120 answer <&4 || answer=
    [[ $answer == whole ]] || fail "the program lost a page"
    say "the program is whole; $(value stored_pages) pages are stored"
}
check_program
[[ $(value stored_pages) -gt 1000 ]] || fail "nothing was swapped"

# ---- upgraded under swap -------------------------------------------------------------------------

step "upgrade while the program is swapped"
dpkg-deb -R "$package" "$work/next"
sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group --build "$work/next" "$work/next.deb" >/dev/null
must apt install --no-install-recommends "$work/next.deb"
indent <"$work/log"
dpkg-query -W zswapfs | grep -q '+next$' || fail "it was not upgraded"
grep -q 'priority = 5' /etc/zswapfs.conf || fail "the configuration was overwritten"
check_program
old=$({ find /proc/[0-9]*/exe -lname '*zswapfs (deleted)' 2>/dev/null || true; } | wc -l)
[[ $old -eq 0 ]] || fail "$old processes still run the old version"

# ---- removed -------------------------------------------------------------------------------------

step "remove: refused while it is mounted"
if apt remove zswapfs; then fail "removed while a program was swapped to it"; fi
grep -q "still mounted" "$work/log" || { cat "$work/log"; fail "the reason was not given"; }
must apt install --no-install-recommends "$work/next.deb"
check_program
kill "$program"
wait "$program" 2>/dev/null || true
program=
must zswapfs stop main
must zswapfs stop main # once more: nothing is left to do
grep -q zswapfs /proc/self/mounts && fail "still mounted"

step "remove and purge"
must apt remove zswapfs
[[ -e /etc/zswapfs.conf ]] || fail "remove took the configuration away; only purge may"
must apt purge zswapfs
while read -r file; do
    if [[ -e $file && ! -d $file ]]; then fail "$file was left behind"; fi
done <"$work/files"
for directory in /usr/share/doc/zswapfs /usr/lib/zswapfs; do
    if [[ -e $directory ]]; then fail "$directory was left behind"; fi
done
step "all went well"
