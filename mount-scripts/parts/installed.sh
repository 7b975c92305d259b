# shellcheck shell=bash disable=SC2154 # repository is of common.sh
# installed.sh: the list of what belongs on a system, for mount-scripts/install, which puts it
# there, and mount-scripts/package, which packs it. Sourced after common.sh, never run.
#
#   sources ── make_installed BUILD PREFIX MADE ──► manual pages, completions, units, below MADE
#   installed_files PREFIX ──► MODE SOURCE TARGET, a line for each file
#
# SOURCE is below BUILD ("build/…"), below MADE ("made/…") or in the repository.

# The manual pages, by their sources in Docs/man.
manual_pages=(zswapfs.8 zswapfs.conf.5 zswapfs-bench.1 mount.fuse.zswapfs.8)
# The units that are the same but for where the command is.
units=(zswapfs@.service zswapfs-metrics.service zswapfs-metrics.timer)

# zsh_directory PREFIX: where completions for zsh go. Debian has a folder of its own for those of
# packages.
zsh_directory() { [[ $1 == /usr ]] && echo zsh/vendor-completions || echo zsh/site-functions; }

# installed_files PREFIX
installed_files() {
    local prefix=$1 share=$1/share system=mount-scripts/parts/system name
    cat <<END
755 build/zswapfs $prefix/bin/zswapfs
755 build/zswapfs-bench $prefix/bin/zswapfs-bench
755 $system/mount.fuse.zswapfs /usr/sbin/mount.fuse.zswapfs
755 made/zswapfs-generator $prefix/lib/systemd/system-generators/zswapfs-generator
644 $system/zswapfs.conf /etc/zswapfs.conf
755 Docs/monitoring/textfile.sh $prefix/lib/zswapfs/textfile.sh
644 Docs/monitoring/alerts.yml $share/doc/zswapfs/monitoring/alerts.yml
644 Docs/monitoring/dashboard.json $share/doc/zswapfs/monitoring/dashboard.json
END
    for name in "${units[@]}"; do
        echo "644 made/$name $prefix/lib/systemd/system/$name"
    done
    for name in "${manual_pages[@]}"; do
        echo "644 made/$name.gz $share/man/man${name##*.}/$name.gz"
    done
    for name in zswapfs zswapfs-bench; do
        echo "644 made/$name.bash $share/bash-completion/completions/$name"
        echo "644 made/$name.zsh $share/$(zsh_directory "$prefix")/_$name"
        echo "644 made/$name.fish $share/fish/vendor_completions.d/$name.fish"
    done
    for name in README.md CHANGELOG.md LICENSE; do
        echo "644 $name $share/doc/zswapfs/$name"
    done
    (cd "$repository" && find Docs -maxdepth 1 -name '*.md' -printf '%f\n' | sort) \
        | while read -r name; do echo "644 Docs/$name $share/doc/zswapfs/Docs/$name"; done
}

# installed_source SOURCE BUILD MADE: the path of a file of the list.
installed_source() {
    case $1 in
        build/*) printf '%s/%s\n' "$2" "${1#build/}" ;;
        made/*) printf '%s/%s\n' "$3" "${1#made/}" ;;
        *) printf '%s/%s\n' "$repository" "$1" ;;
    esac
}

# make_installed BUILD PREFIX MADE: makes what is not in the repository as it is.
make_installed() {
    local build=$1 prefix=$2 made=$3 name shell
    if command -v lowdown >/dev/null; then
        for name in "${manual_pages[@]}"; do
            make_manual_page "$name" | gzip -9n >"$made/$name.gz"
        done
    else
        warn "without manual pages: lowdown is not installed"
    fi
    for name in zswapfs zswapfs-bench; do
        for shell in bash zsh fish; do
            # Sourced, never run, so without a first line that names a shell; zsh's is another.
            "$build/$name" --generate-completion-script "$shell" \
                | sed '1{/^#!/d}' >"$made/$name.$shell"
        done
    done
    cat "$repository/mount-scripts/parts/system/completion.bash" >>"$made/zswapfs.bash"
    for name in "${units[@]}" zswapfs-generator; do
        sed "s|@prefix@|$prefix|g" "$repository/mount-scripts/parts/system/$name" >"$made/$name"
    done
}

# make_manual_page NAME.SECTION: its source in Docs/man as roff. The source is a document of its
# own: its first heading is the title, the second ones are the sections of the page. lowdown's fixed
# font is no font of man(7), and bold is what pages have for words to type.
make_manual_page() {
    local name=${1%.*} section=${1##*.} day
    day=$(manual_day)
    sed -e 1d -e 's/^##/#/' "$repository/Docs/man/$1.md" \
        | lowdown -s -tman --nroff-nolinks -M title="${name^^}" -M section="$section" \
            -M date="$day" -M source="zswapfs $(product_version)" \
        | awk '/^\.(LP|PP)$/ && heading { next }
            { print; heading = after; after = /^\.S[HS]/ }' \
        | sed -e 's/\\fC/\\fB/g' -e '/^NAME$/ { n; s/ – / \\- / }'
}

# manual_day: the day of the sources, so that the same sources make the same page.
manual_day() {
    git -C "$repository" log -1 --format=%cs 2>/dev/null \
        || date -u +%F -r "$repository/Package.swift"
}

# product_version: the version, without a commit.
product_version() {
    sed -n 's/.*let text = "\(.*\)"/\1/p' "$repository/Sources/ZswapCore/ProductVersion.swift"
}
