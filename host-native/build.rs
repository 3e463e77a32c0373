//! Builds the engine as a WebAssembly component, compiles that to machine code, and leaves both where the program
//! includes them.

#[path = "src/component/config.rs"]
mod config;
#[path = "build/guest.rs"]
mod guest;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// What the component is made from, seen from the root of the workspace.
const SOURCES: [&str; 7] =
    ["Cargo.toml", "Cargo.lock", "wit", "engine/Cargo.toml", "engine/src", "engine/component", "host-native/build"];

fn main() {
    if let Err(error) = build() {
        for line in error.to_string().lines() {
            println!("cargo::error={line}");
        }
        process::exit(1);
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let workspace = package.parent().ok_or("host-native is not in a workspace")?;
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/component/config.rs");

    let directory = workspace.join("target/guest");
    let module = fs::read(guest::build(workspace, &directory)?)?;
    let component = wit_component::ComponentEncoder::default().validate(true).module(&module)?.encode()?;

    // For programs that embed the engine themselves.
    fs::write(directory.join("bisync_engine.component.wasm"), &component)?;

    let mut config = config::config();
    // Naming the target makes code for any processor of its kind, not just for the one that compiles it.
    config.target(&env::var("TARGET")?)?;
    let compiled = wasmtime::Engine::new(&config)?.precompile_component(&component)?;

    let output = PathBuf::from(env::var("OUT_DIR")?);
    write(&output, "bisync_engine.component.wasm", &component)?;
    write(&output, "bisync_engine.cwasm", &compiled)
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    Ok(fs::write(directory.join(name), bytes)?)
}
