//! The command-line program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bisync::run::main(std::env::args_os().skip(1))
}
