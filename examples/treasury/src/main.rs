//! The example service's command line; `treasury --help` lists what it does.

use clap::Parser;

fn main() -> std::process::ExitCode {
    treasury::run(treasury::Cli::parse())
}
