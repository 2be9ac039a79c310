//! `forebay cache stats`: a namespace in numbers.

use std::fmt::Write as _;

use clap::Args;
use forebay_cache::fred10::{ChainState, Sample};
use serde::Serialize;

use super::{connection::Connection, explain::json};
use crate::cli::{Outcome, one_line, print};
use crate::error::Error;

const EXAMPLES: &str = "\
The chain: the number of the newest invalidation, the floor below which
entries are misses, and how much is kept for nodes that missed something.
The caches: entries and tombstones, counted over a walk of at most --sample
keys (with SCAN, which does not hold up the server).

Examples:
  forebay cache stats --namespace shop
  forebay cache stats --namespace shop --sample 0 --json

Exit status:
  0  done
  1  Redis cannot be reached, or has no such namespace
  2  wrong usage";

/// Show how far a namespace's chain of invalidations is, and what its caches have in Redis.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Stats {
    /// How many keys are looked at; 0 for none.
    #[arg(long, default_value_t = 10_000, value_name = "KEYS")]
    sample: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Serialize)]
struct Answer {
    chain: ChainState,
    sample: Option<Sample>,
}

impl Stats {
    pub(super) async fn run(self) -> Result<Outcome, Error> {
        let redis = self.connection.inspector().await?;
        let answer = async {
            let chain = redis.chain().await?;
            let sample = if self.sample == 0 { None } else { Some(redis.sample(self.sample).await?) };
            Ok::<_, Error>(Answer { chain, sample })
        };
        let answer = answer.await;
        redis.shutdown().await;
        let answer = answer?;
        print(&if self.json { json(&answer) } else { answer.text() })?;
        Ok(Outcome::Good)
    }
}

impl Answer {
    fn text(&self) -> String {
        let chain = &self.chain;
        let mut text = format!(
            "namespace {}: invalidation {} of epoch {:x}, floor {}\n  \
             {} events kept for replay, {} names with their newest number, positions of {} databases",
            chain.namespace,
            chain.newest.number,
            chain.newest.epoch,
            chain.floor,
            chain.events_kept,
            chain.names_kept,
            chain.databases,
        );
        if let Some(sample) = &self.sample {
            let what = if sample.complete { "all its" } else { "a sample of" };
            line(
                &mut text,
                format_args!("{what} {} keys, of {} the server has", sample.looked_at, sample.server_keys),
            );
            for (name, cache) in &sample.caches {
                line(
                    &mut text,
                    format_args!(
                        "{}: {} entries, {} tombstones, {} bytes ({} before compression)",
                        one_line(name),
                        cache.entries,
                        cache.tombstones,
                        cache.packed_bytes,
                        cache.plain_bytes
                    ),
                );
                if cache.not_understood > 0 {
                    line(&mut text, format_args!("  {} items are not understood", cache.not_understood));
                }
            }
        }
        text
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _written = write!(text, "\n  {what}");
}
