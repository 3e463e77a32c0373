//! How the component is compiled and run. The build script includes this file: compiled code loads only where it was
//! made with the same configuration.

/// Returns the configuration of wasmtime.
pub fn config() -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    // The engine is plain Rust: nothing of its makes use of these, and what is off costs nothing.
    config.wasm_simd(false).wasm_relaxed_simd(false);
    config
}
