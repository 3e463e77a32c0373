//! The nested build: the crate `bisync-component` as a core WebAssembly module.

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";

const MISSING: &str = "\
the engine is built for WebAssembly, and no Rust toolchain here can do that. Either add the target to yours:
    rustup target add wasm32-unknown-unknown
or, on Debian, install the toolchain that can build it from source:
    apt-get install --no-install-recommends rustc-web cargo-web rust-web-src rust-web-llvm lld-22";

/// Variables of the outer build that would lead the inner one astray.
const OUTER: [&str; 13] = [
    "RUSTC",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_LINKER",
    "LD_LIBRARY_PATH",
    "TARGET",
    "HOST",
    "PROFILE",
    "OPT_LEVEL",
    "DEBUG",
    "OUT_DIR",
];

/// Variables of cargo's that say how to reach the registry and share the processors, not what to build.
const KEPT: [&str; 5] = ["CARGO_HOME", "CARGO_MAKEFLAGS", "CARGO_NET", "CARGO_HTTP", "CARGO_REGISTR"];

/// Builds the module in `directory` and returns where it is.
///
/// The directory is always the same, whatever the outer build's is: std itself may have to be built, and once is enough.
///
/// # Errors
/// Says what to install when no toolchain can build for WebAssembly.
pub fn build(workspace: &Path, directory: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut cargo = toolchain()?;
    cargo.args(["build", "--package", "bisync-component", "--profile", "wasm", "--target", TARGET, "--target-dir"]);
    cargo.arg(directory).current_dir(workspace);
    let status =
        cargo.status().map_err(|error| format!("cannot start `{}`: {error}", cargo.get_program().display()))?;
    if !status.success() {
        return Err("the engine cannot be built for WebAssembly; the reason stands above".into());
    }
    Ok(directory.join(TARGET).join("wasm/bisync_component.wasm"))
}

/// Returns a cargo that can build for WebAssembly.
fn toolchain() -> Result<Command, Box<dyn Error>> {
    let (cargo, rustc) = (env::var_os("CARGO").ok_or("no CARGO")?, env::var_os("RUSTC").ok_or("no RUSTC")?);
    if has_target(&rustc) {
        let mut command = inner(&cargo);
        command.env("RUSTC", rustc);
        return Ok(command);
    }
    let debian = OsStr::new("/usr/bin/rustc");
    if has_sources(debian) {
        let mut command = inner(OsStr::new("/usr/bin/cargo"));
        // Building std is not stable yet; the bootstrap key opens it in a stable toolchain.
        command.env("RUSTC", debian).env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTUP_TOOLCHAIN");
        command.arg("-Zbuild-std=std,panic_abort");
        return Ok(command);
    }
    Err(MISSING.into())
}

/// Returns a command that inherits nothing of the outer build but the way to the registry.
fn inner(program: &OsStr) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let of_cargo = name.starts_with("CARGO") && !KEPT.iter().any(|kept| name.starts_with(kept));
        if of_cargo || OUTER.contains(&&*name) {
            command.env_remove(&*name);
        }
    }
    command
}

fn has_target(rustc: &OsStr) -> bool {
    printed(rustc, &["--print", "target-libdir", "--target", TARGET]).is_some_and(|directory| directory.is_dir())
}

fn has_sources(rustc: &OsStr) -> bool {
    printed(rustc, &["--print", "sysroot"])
        .is_some_and(|sysroot| sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file())
}

/// Returns the path that `rustc` prints; `None` when it is not there or fails.
fn printed(rustc: &OsStr, arguments: &[&str]) -> Option<PathBuf> {
    let output = Command::new(rustc).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(text.trim()))
}
