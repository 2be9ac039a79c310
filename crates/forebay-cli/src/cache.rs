//! `forebay cache`: what a running Redis knows of a namespace's caches.

mod connection;
mod explain;
mod invalidate;
mod key;
mod keys;
mod stats;

use clap::{Args, Subcommand};

use crate::cli::Outcome;
use crate::error::Error;

const EXAMPLES: &str = "\
Start with `stats`: it names the caches a namespace has in Redis.

Examples:
  forebay cache stats --namespace shop
  forebay cache explain --namespace shop --cache users --key-type u64 7
  forebay cache invalidate --namespace shop --pattern 'user:*:dashboard'";

/// Look into the caches a running Redis holds, and invalidate in them.
///
/// Everything but `invalidate` only looks. The types of the values need not be known: what is asked is in the header of
/// each entry.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, subcommand_required = true, after_help = EXAMPLES)]
pub(crate) struct Cache {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(explain::Explain),
    Stats(stats::Stats),
    Invalidate(invalidate::Invalidate),
}

impl Cache {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::Runtime { source })?;
        runtime.block_on(async {
            match self.command {
                Command::Explain(explain) => explain.run().await,
                Command::Stats(stats) => stats.run().await,
                Command::Invalidate(invalidate) => invalidate.run().await,
            }
        })
    }
}
