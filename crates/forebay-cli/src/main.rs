//! The `forebay` command: what the libraries know, from a shell.

mod cache;
mod cli;
mod error;
mod route;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
