//! The `forebay` command: what the libraries know, from a shell.

mod advise;
mod cache;
mod cli;
mod error;
mod input;
mod plan;
mod route;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
