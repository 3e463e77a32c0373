# Sourced by the scripts of the root: makes sure that a build can start, and says what it installs. Everything is said
# on standard error.
# shellcheck shell=bash

say() {
    printf 'bisync: %s\n' "$*" >&2
}

give_up() {
    say "$*"
    exit 1
}

# Where a toolchain keeps its standard library for WebAssembly, and where Debian keeps the sources of it.
has_wasm_target() {
    local directory
    directory=$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) && [[ -d $directory ]]
}

has_debian_toolchain() {
    local sysroot
    [[ -x /usr/bin/cargo ]] && command -v rust-lld >/dev/null &&
        sysroot=$(/usr/bin/rustc --print sysroot 2>/dev/null) &&
        [[ -f $sysroot/lib/rustlib/src/rust/library/std/Cargo.toml ]]
}

# Installs Debian's packages, as root or through sudo; fails when that cannot be.
install_packages() {
    command -v apt-get >/dev/null || return 1
    local as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || return 1
        as_root=(sudo)
    fi
    say "installing Debian's packages $*"
    "${as_root[@]}" apt-get update -qq >&2 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

set_up_cargo() {
    command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    command -v cargo >/dev/null || give_up 'Rust is not installed. Get it from https://rustup.rs, then try again.'
}

set_up_linker() {
    command -v cc >/dev/null || install_packages gcc libc6-dev ||
        give_up 'no C compiler is installed, and Rust links with it. Install gcc or clang, then try again.'
}

install_web_toolchain() {
    install_packages rustc-web cargo-web rust-web-src rust-web-llvm lld-22 && has_debian_toolchain
}

set_up_wasm() {
    if has_wasm_target || has_debian_toolchain; then return; fi
    # Root on Debian needs no network but that of the packages; anybody else is spared a password where rustup will do.
    if ((EUID == 0)) && install_web_toolchain; then return; fi
    if command -v rustup >/dev/null; then
        say 'adding the target wasm32-unknown-unknown to the Rust toolchain'
        if rustup target add wasm32-unknown-unknown >&2; then return; fi
    fi
    if ((EUID != 0)) && install_web_toolchain; then return; fi
    give_up 'the engine is built for WebAssembly, and no Rust toolchain here can do that.' \
        'Run "rustup target add wasm32-unknown-unknown", then try again.'
}

set_up_cargo
set_up_linker
set_up_wasm
