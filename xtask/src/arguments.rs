//! The command line.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

/// The commands of the forebay workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Task,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Run a command inside a lab of real servers
    ///
    /// Starts PostgreSQL (a primary and two standbys), Redis and Memcached on free loopback ports in a temporary folder, puts their
    /// addresses into FOREBAY_LAB, runs the command, and ends the servers when it ends.
    #[command(
        after_help = "Examples:\n  cargo xtask lab -- cargo test -p forebay-cache\n  cargo xtask lab -- bash"
    )]
    Lab {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}
