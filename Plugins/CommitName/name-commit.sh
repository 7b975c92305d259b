# shellcheck shell=sh
# name-commit.sh: writes a Swift file that names the commit of a package, with "+changes" behind it
# when what is compiled (Package.swift, Sources, Plugins) differs from the commit, new files
# included; without a name where the package is no clone.
#
# usage: name-commit.sh PACKAGE FILE
# exit status: 0 written, or already the same; else the file cannot be written
set -eu
# A hook's variables name another repository, and one around an unpacked archive is not ours.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
GIT_CEILING_DIRECTORIES=$(dirname -- "$1")
export GIT_CEILING_DIRECTORIES
name=$(git -C "$1" describe --always --exclude '*' --abbrev=10 2>/dev/null || true)
if [ -n "$name" ] && [ -n "$(git -C "$1" status --porcelain -- Package.swift Sources Plugins)" ]
then
    name=$name+changes
fi
value=nil
if [ -n "$name" ]; then value="\"$name\""; fi
text="enum BuiltCommit { static let name: String? = $value }"
if [ "$(cat "$2" 2>/dev/null || true)" != "$text" ]; then printf '%s\n' "$text" >"$2"; fi
