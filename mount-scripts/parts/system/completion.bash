# shellcheck shell=bash
# completion.bash: what bash needs besides the script that zswapfs writes, and is appended to it.
#
# bash takes words apart at "=" and ":", so that "zpool=zb" is three words, of which the last one is
# completed. For zswapfs they are one word; what stands before the last "=" is taken away again.
# shellcheck disable=SC2034,SC2154  # variables of bash and of bash-completion
_zswapfs_whole_words() {
    local cur prev words cword head
    declare -F _get_comp_words_by_ref >/dev/null || { _zswapfs "$@"; return; }
    _get_comp_words_by_ref -n '=:' cur prev words cword
    local -a COMP_WORDS=("${words[@]}")
    local COMP_CWORD=$cword
    _zswapfs zswapfs "$cur" "$prev"
    head=${cur%"${cur##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$head"}")
    # These are no names of files, which bash would quote.
    if [[ ${COMPREPLY[*]} == *[=,]* ]]; then compopt +o filenames; fi
    # A value, or a name in a mount, goes on behind it.
    if [[ ${COMPREPLY[*]} == *[=/] ]]; then compopt -o nospace; fi
}
complete -o filenames -F _zswapfs_whole_words zswapfs
