#!/usr/bin/env bash
# textfile.sh: the metrics of every zswapfs mount, as files for node_exporter's textfile collector.
#
# usage: textfile.sh DIRECTORY
#   DIRECTORY  that of node_exporter's --collector.textfile.directory
#
# A mount that does not answer within five seconds keeps its old file, whose age an alert sees; the
# file of a mount that is gone is removed.
set -euo pipefail

[[ $# -eq 1 && -d $1 ]] || { echo "usage: textfile.sh DIRECTORY" >&2; exit 64; }
directory=$1
declare -A seen=()
status=0

while IFS= read -r mount; do
    mount=$(printf '%b' "$mount")
    # Slashes become hyphens; where other characters go, a sum keeps two mounts apart.
    name=${mount//[^A-Za-z0-9._\/]/_}
    if [[ $name != "$mount" ]]; then
        name+=_$(printf '%s' "$mount" | cksum | cut -d ' ' -f 1)
    fi
    name=${name#/}
    file=$directory/zswapfs-${name//\//-}.prom
    seen[$file]=1
    if timeout 5 zswapfs get "$mount" stats/metrics >"$file.$$"; then
        mv -- "$file.$$" "$file"
    else
        rm -f -- "$file.$$"
        status=1
    fi
done < <(awk '$3 == "fuse.zswapfs" { print $2 }' /proc/self/mounts)

for file in "$directory"/zswapfs-*.prom; do
    [[ -e $file && -z ${seen[$file]:-} ]] && rm -f -- "$file"
done
exit "$status"
