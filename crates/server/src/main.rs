//! The `campanile` binary: parse arguments, run a command.

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    campanile::cli::run(campanile::cli::Arguments::parse())
}
