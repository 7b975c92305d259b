# shellcheck shell=bash
# common.sh: what the other mount-scripts share. Sourced, never run; changes nothing by itself.
#
# Three parts: messages (say, die), the memory cgroup, and *leftovers*: everything that a run put on
# the machine below a path prefix of its own (mounts, loop devices, swap, daemons) or under a cgroup
# name of its own. Nothing outside of this prefix is ever touched.

repository=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)

# ---- words ---------------------------------------------------------------------------------------

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
# die STATUS MESSAGE…: prints the message on standard error and exits.
die() { local status=$1; shift; warn "$*"; exit "$status"; }
indent() { sed 's/^/  /'; }
# The comment header of the running script is its manual.
usage() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"; }
is_root() { [[ $EUID -eq 0 ]]; }
# is_capable: can this machine mount, attach and swap?
is_capable() { is_root && [[ -c /dev/fuse && -c /dev/loop-control ]]; }

# kib_of FIELD FILE: the number behind "FIELD:" in a file such as /proc/meminfo.
kib_of() { awk -v field="$1:" '$1 == field { print $2; found = 1 } END { exit !found }' "$2"; }

# find_zswapfs: prints the command to use, the release build of this repository first.
find_zswapfs() {
    local candidate
    for candidate in "$repository/.build/release/zswapfs" "$(command -v zswapfs || true)"; do
        [[ -n $candidate && -x $candidate ]] && { printf '%s\n' "$candidate"; return 0; }
    done
    return 1
}

# debian_mirror: where this machine's apt gets Debian from, so that a mirror set up there serves for
# other suites too; status 1 when apt knows none.
debian_mirror() {
    # shellcheck disable=SC2016  # apt's own variables, not the shell's
    apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(LABEL)' 'Created-By: Packages' \
        2>/dev/null | awk '$2 == "main" && $3 == "Debian" && !found { print $1; found = 1 }
            END { exit !found }'
}

# ---- the memory cgroup ---------------------------------------------------------------------------

# memory_cgroup: prints "v1 MOUNT" or "v2 MOUNT", the hierarchy that has the memory controller;
# status 1 where there is none.
memory_cgroup() {
    local mount type options
    while read -r _ mount type options _; do
        if [[ $type == cgroup && ,$options, == *,memory,* ]]; then
            printf 'v1 %s\n' "$mount"
            return 0
        elif [[ $type == cgroup2 ]] && grep -qw memory "$mount/cgroup.controllers" 2>/dev/null; then
            printf 'v2 %s\n' "$mount"
            return 0
        fi
    done </proc/self/mounts
    return 1
}

# cgroups_named PREFIX: directories of memory cgroups whose names begin with PREFIX, deepest first.
cgroups_named() {
    local _kind mount
    read -r _kind mount < <(memory_cgroup) || return 0
    find "$mount" -mindepth 1 -maxdepth 4 -depth -type d -name "$1*" 2>/dev/null || true
}

# remove_cgroup DIRECTORY: kills what still runs in it, then removes it. Waits at most 5 seconds.
remove_cgroup() {
    local directory=$1 pid _attempt
    for _attempt in {1..50}; do
        [[ -d $directory ]] || return 0
        while read -r pid; do kill -KILL "$pid" 2>/dev/null || true; done \
            < <(cat "$directory/cgroup.procs" 2>/dev/null || true)
        rmdir "$directory" 2>/dev/null && return 0
        sleep 0.1
    done
    return 1
}

# ---- leftovers below a path prefix ---------------------------------------------------------------

# mounts_under PREFIX: mount points, the last mounted first.
mounts_under() { awk -v p="$1" 'index($2, p) == 1 { print $2 }' /proc/self/mounts | tac; }

# loops_under PREFIX: loop devices whose backing file lies there.
loops_under() {
    local file backing device
    for file in /sys/block/loop*/loop/backing_file; do
        { read -r backing <"$file"; } 2>/dev/null || continue
        device=${file#/sys/block/}
        if [[ $backing == "$1"* ]]; then printf '/dev/%s\n' "${device%%/*}"; fi
    done
}

# swaps_under PREFIX: those of them that are in use as swap.
swaps_under() {
    local device
    while read -r device; do
        # Of a node in another mount namespace the table knows the path below its /dev.
        awk -v d="$device" '$1 == d || "/dev" $1 == d { print d }' /proc/swaps
    done < <(loops_under "$1")
}

# daemons_under PREFIX: process numbers of zswapfs processes with an argument that lies there.
daemons_under() {
    local directory words word
    for directory in /proc/[0-9]*; do
        words=()
        { mapfile -d '' -t words <"$directory/cmdline"; } 2>/dev/null || continue
        [[ ${#words[@]} -gt 0 && ${words[0]##*/} == *zswapfs ]] || continue
        for word in "${words[@]:1}"; do
            [[ $word == "$1"* ]] && { printf '%s\n' "${directory#/proc/}"; break; }
        done
    done
}

# leftovers PREFIX CGROUP_PREFIX: one line each, in the order in which they are to be taken down.
leftovers() {
    cgroups_named "$2" | sed 's/^/cgroup /'
    swaps_under "$1" | sed 's/^/swap /'
    loops_under "$1" | sed 's/^/loop /'
    mounts_under "$1" | sed 's/^/mount /'
    daemons_under "$1" | sed 's/^/daemon /'
}

# take_down PREFIX CGROUP_PREFIX: removes all of them, programs before the swap they live in, swap
# before the store that holds it. Safe to repeat. Status 1 when something could not be removed.
take_down() {
    local thing status=0
    while read -r thing; do
        remove_cgroup "$thing" || { warn "cannot remove cgroup $thing"; status=1; }
    done < <(cgroups_named "$2")
    while read -r thing; do
        swapoff "$thing" || {
            warn "cannot swapoff $thing: is there memory for what it holds?"
            status=1
        }
    done < <(swaps_under "$1")
    # A store that still holds swapped pages must stay: programs that own these would die with it.
    [[ $status -eq 0 ]] || return 1
    while read -r thing; do
        losetup -d "$thing" || { warn "cannot detach $thing"; status=1; }
    done < <(loops_under "$1")
    wait_until_none loops_under "$1" || true
    while read -r thing; do
        umount "$thing" 2>/dev/null || umount -l "$thing" || {
            warn "cannot unmount $thing"
            status=1
        }
    done < <(mounts_under "$1")
    if ! wait_until_none daemons_under "$1"; then
        while read -r thing; do
            kill -KILL "$thing" 2>/dev/null || true
        done < <(daemons_under "$1")
        wait_until_none daemons_under "$1" || status=1
    fi
    return "$status"
}

# wait_until_none LISTER PREFIX: waits until the lister prints nothing, at most 5 seconds.
wait_until_none() {
    local _attempt
    for _attempt in {1..50}; do
        [[ -z $("$1" "$2") ]] && return 0
        sleep 0.1
    done
    return 1
}
