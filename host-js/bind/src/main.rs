//! Writes the JavaScript around a WebAssembly module: `bisync-js-bind MODULE DIRECTORY`.
//!
//! It stands for the program `wasm-bindgen`, which npm and cargo can only install by downloading or by building far more.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(module), Some(directory)) = (arguments.next(), arguments.next()) else {
        return Err("give a module and a directory".into());
    };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_path(module).web(true)?.typescript(true).out_name("bound").generate(directory)?;
    Ok(())
}
