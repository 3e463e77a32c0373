//! How the component is compiled and run. The build script includes this file: compiled code loads only where it was
//! made with the same configuration.

/// Returns the configuration of wasmtime.
pub fn config() -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    // The engine makes no use of these.
    config.wasm_simd(false).wasm_relaxed_simd(false);
    // A trap names functions, not offsets: the table of offsets would be an eighth of what every start maps.
    config.generate_address_map(false);
    config
}
