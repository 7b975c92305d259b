# shellcheck shell=bash
# libfuse.sh: the part of setup that makes a libfuse with io_uring. Sourced by setup, whose
# functions for packages it uses; never run.
#
# FUSE over io_uring needs libfuse 3.18 built with liburing. Debian 12 and 13 have older ones, and
# unstable builds its own without liburing. So it is built here, from the archive's newest source,
# into .libfuse/ of the repository, where Package.swift and Sources/CFuse/shim.h look first:
#
#   .libfuse/version           which one; all of .libfuse is moved into place in one step
#   .libfuse/include/fuse3/    the headers
#   .libfuse/lib/libfuse3.a    libfuse, liburing and libnuma in one (Docs/decisions/0017)
#
# Without it the project builds and runs with the system's libfuse: nothing here makes setup fail.

libfuse_version_min=3.18
libfuse_packages=(
    meson ninja-build pkgconf binutils               # how libfuse is built
    liburing-dev libnuma-dev                         # what goes into it
)
own_libfuse=${repository:?}/.libfuse
libfuse_work=$repository/.libfuse-new # on the filesystem of the former, for a rename

# ---- what there is -------------------------------------------------------------------------------

# own_libfuse_version: prints it; status 1 when there is none, or none that will do.
own_libfuse_version() {
    local version
    { read -r version <"$own_libfuse/version"; } 2>/dev/null || return 1
    [[ -f $own_libfuse/lib/libfuse3.a ]] || return 1
    [[ -f $own_libfuse/include/fuse3/fuse_lowlevel.h ]] || return 1
    at_least "$version" "$libfuse_version_min" && printf '%s\n' "$version"
}

# system_libfuse: what to call it, "the system's 3.14.0"; without the number if not installed.
system_libfuse() {
    local version
    version=$(dpkg-query -W -f '${Version}\n' libfuse3-dev 2>/dev/null | sed -n '1s/-[^-]*$//p')
    printf '%s\n' "the system's${version:+ $version}"
}

# A version does not tell how a library was built; what it is linked with does.
system_libfuse_has_uring() {
    local library
    library=$(gcc -print-file-name=libfuse3.so 2>/dev/null) || return 1
    [[ $library == /* ]] && grep -q 'liburing\.so' "$library"
}

# ---- the source ----------------------------------------------------------------------------------

# attempt WORDS COMMAND…: its output is shown only when it fails; then `failure` holds the words.
attempt() {
    local words=$1
    shift
    "$@" >"$libfuse_work/log" 2>&1 </dev/null && return 0
    failure="$words failed"
    tail -n 10 "$libfuse_work/log" | indent >&2
    return 1
}

# configure_apt MIRROR KEYRING: an apt of our own that knows one thing, the sources of unstable. How
# to reach the archive is taken over from the machine's, hooks are not.
configure_apt() {
    local apt=$libfuse_work/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$libfuse_work/download"
    cat >"$apt/unstable.sources" <<END
Types: deb-src
URIs: $1
Suites: unstable
Components: main
Signed-By: $2
END
    apt-config dump | grep '^Acquire::' >"$apt/apt.conf" || true
    # Run by root, apt would become a user who may not enter here.
    cat >>"$apt/apt.conf" <<END
Acquire::Retries "1";
Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::SourceList "$apt/unstable.sources";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
END
}

own_apt() {
    (cd "$libfuse_work/download" \
        && APT_CONFIG=$libfuse_work/apt/apt.conf LC_ALL=C.UTF-8 \
            timeout --foreground 300 apt-get -q "$@")
}

debian_keyring() {
    local keyring
    for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [[ -f $keyring ]] && { printf '%s\n' "$keyring"; return 0; }
    done
    return 1
}

# fetch_libfuse: unpacks upstream's tarball and sets `version`. apt has checked the signature on the
# list and the tarball's hash in it. Debian's patches are not applied: there are none.
fetch_libfuse() {
    local mirror keyring tarballs
    mirror=$(debian_mirror) || { may_install && refresh_lists && mirror=$(debian_mirror); } || {
        failure="apt knows no Debian archive (apt-get update)"
        return 1
    }
    keyring=$(debian_keyring) || { failure="there is no debian-archive-keyring"; return 1; }
    configure_apt "$mirror" "$keyring"
    attempt "fetching the list of unstable's sources from $mirror" own_apt update || return 1
    attempt "fetching the source of fuse3" own_apt source --download-only --tar-only fuse3 \
        || return 1
    tarballs=("$libfuse_work"/download/fuse3_*.orig.tar.*)
    version=${tarballs[0]##*/fuse3_}
    version=${version%.orig.tar.*}
    if ! at_least "$version" "$libfuse_version_min"; then
        failure="fuse3 of unstable is $version, and $libfuse_version_min is needed"
        return 1
    fi
    mkdir -p "$libfuse_work/source"
    attempt "unpacking ${tarballs[0]##*/}" tar --extract --file "${tarballs[0]}" --no-same-owner \
        --directory "$libfuse_work/source" --strip-components 1
}

# ---- the build -----------------------------------------------------------------------------------

# The prefix is where fusermount3 is looked for, and so the system's. Nothing is installed there.
compile_libfuse() {
    attempt "meson setup of libfuse $version" meson setup --prefix=/usr --libdir=lib \
        --includedir=include --buildtype=release --default-library=static --wrap-mode=nodownload \
        -Denable-io-uring=true -Dexamples=false -Dutils=false -Dtests=false -Duseroot=false \
        "$libfuse_work/build" "$libfuse_work/source" || return 1
    attempt "building libfuse $version" \
        env DESTDIR="$libfuse_work/stage" ninja -C "$libfuse_work/build" install
}

# merge_libraries: libfuse, liburing and libnuma become new/lib/libfuse3.a. Names are relative,
# since ar's scripts know no quotes.
merge_libraries() {
    local name library
    for name in uring numa; do
        library=$(gcc -print-file-name="lib$name.a")
        cp "$library" "$libfuse_work/lib$name.a" || return 1
    done
    (
        cd "$libfuse_work"
        printf '%s\n' 'CREATE new/lib/libfuse3.a' 'ADDLIB stage/usr/lib/libfuse3.a' \
            'ADDLIB liburing.a' 'ADDLIB libnuma.a' SAVE END | ar -M
    ) || return 1
    # meson leaves io_uring out without a message when it finds a library too old.
    ar t "$libfuse_work/new/lib/libfuse3.a" | grep 'fuse_uring'
}

# touch_importers: makes earlier builds look for libfuse again, and link again. Swift's builds
# know nothing of the headers and the library; the compiler's cache of CFuse knows its shim.h, the
# build knows the sources. Package.swift looks for .libfuse, but it is not asked again as long as
# neither it nor the environment has changed.
touch_importers() {
    local cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}
    [[ $cache == /.cache ]] || rm -rf -- "$cache/org.swift.swiftpm/manifests"
    touch "$repository/Sources/CFuse/shim.h" \
        && grep -rlZE '^(public |package |internal )?import CFuse( |$)' "$repository/Sources" \
            "$repository/Tests" | xargs -0 touch
}

# set_aside: takes the present .libfuse away, in one step; status 1 when there is none.
set_aside() {
    [[ -e $own_libfuse || -L $own_libfuse ]] || return 1
    mv -T "$own_libfuse" "$libfuse_work/old"
}

place_libfuse() {
    local new=$libfuse_work/new
    mv "$libfuse_work/stage/usr/include" "$new/include" \
        && cp "$libfuse_work/source/LGPL2.txt" "$new/" \
        && printf '%s\n' "$version" >"$new/version" || return 1
    set_aside || true
    mv -T "$new" "$own_libfuse" && touch_importers
}

# start_work: an empty directory to work in, which other users may not read: apt's configuration
# may hold a password for a proxy. The caller holds the lock.
start_work() {
    rm -rf "$libfuse_work"
    mkdir -m 700 "$libfuse_work"
}

# build_libfuse: status 1 with the reason in `failure`.
build_libfuse() {
    local missing version
    mapfile -t missing < <(missing_packages "${libfuse_packages[@]}")
    if [[ ${#missing[@]} -gt 0 ]]; then install_packages "${missing[@]}" || return 1; fi
    say "libfuse: building one with io_uring"
    start_work || { failure="cannot write to $repository"; return 1; }
    fetch_libfuse && compile_libfuse || return 1
    mkdir -p "$libfuse_work/new/lib"
    attempt "merging libfuse, liburing and libnuma" merge_libraries || return 1
    attempt "moving it to $own_libfuse" place_libfuse
}

# ---- the order of things -------------------------------------------------------------------------

# lock_libfuse: one setup at a time works at it. The lock goes when this shell ends.
lock_libfuse() {
    local descriptor
    exec {descriptor}<"${BASH_SOURCE[0]}"
    flock "$descriptor"
}

# report_libfuse: says which libfuse a build would get.
report_libfuse() {
    local version missing
    if version=$(own_libfuse_version); then
        say "libfuse: $version with io_uring, in .libfuse"
    elif system_libfuse_has_uring; then
        say "libfuse: $(system_libfuse), with io_uring"
    else
        say "libfuse: $(system_libfuse), without io_uring (optional: setup --with-io-uring" \
            "builds one that has it)"
        mapfile -t missing < <(missing_packages "${libfuse_packages[@]}")
        [[ ${#missing[@]} -eq 0 ]] || say "libfuse: for that, packages are missing: ${missing[*]}"
    fi
}

# provide_libfuse: builds one with io_uring when there is none. When that fails, a warning.
provide_libfuse() {
    if own_libfuse_version >/dev/null || system_libfuse_has_uring; then
        report_libfuse
        return 0
    fi
    lock_libfuse
    if own_libfuse_version >/dev/null || build_libfuse; then
        report_libfuse
    else
        warn "libfuse: ${failure%.}. io_uring is left out: zswapfs is built with" \
            "$(system_libfuse) and uses /dev/fuse."
    fi
    rm -rf "$libfuse_work"
}

# remove_libfuse: the way back to the system's.
remove_libfuse() {
    lock_libfuse
    start_work
    if set_aside; then
        touch_importers
        say "libfuse: .libfuse is removed"
    fi
    rm -rf "$libfuse_work"
    say "libfuse: $(system_libfuse); io_uring is left out, as asked for"
}
