//! `forebay cache invalidate`: forget, on every node.

use std::{sync::Arc, time::Duration};

use clap::{ArgGroup, Args};
use forebay_cache::{
    GuardedTier, Invalidation, Namespace, Pattern, Reached, Strength, Tag, Target, TierConfig,
    fred10::{RedisSequencer, RedisTier},
};
use forebay_metrics::Meter;
use serde::Serialize;

use super::{connection::Connection, explain::json, key::KeyArgs};
use crate::cli::{Outcome, print};
use crate::error::Error;

const EXAMPLES: &str = "\
Each invalidation takes a number in the namespace's chain, so every service
that shares it follows, also one that is cut off at the moment. Values are
loaded again when they are next asked for; nothing is deleted that a service
could still need.

Examples:
  forebay cache invalidate --namespace shop --tag user:7 --tag team:3
  forebay cache invalidate --namespace shop --cache users --key-type u64 --key 7
  forebay cache invalidate --namespace shop --pattern 'user:*:dashboard'
  forebay cache invalidate --namespace shop --cache pages --clear
  forebay cache invalidate --namespace shop --everything --soft

Exit status:
  0  every node hears of it, or notices that it missed something
  1  Redis cannot be reached or has no such namespace, the key cannot be
     meant, or Redis did not confirm in time: then it may or may not have
     happened, and repeating it does no harm
  2  wrong usage";

/// Forget values, in every service that shares the namespace.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("target").required(true).multiple(true))]
pub(super) struct Invalidate {
    /// Every value that carries the tag, in all caches; may be repeated.
    #[arg(long, group = "target", value_name = "TAG")]
    tag: Vec<String>,
    /// One value of --cache; may be repeated.
    #[arg(long, group = "target", requires = "cache", allow_hyphen_values = true)]
    key: Vec<String>,
    /// Every value whose key's text begins so, in --cache or in all caches; may be repeated.
    #[arg(long, group = "target", allow_hyphen_values = true)]
    prefix: Vec<String>,
    /// Every value whose key's text looks so, in --cache or in all caches, such as `user:*:dashboard`; `*` stands for any
    /// text, `?` for one character; may be repeated.
    #[arg(long, group = "target", allow_hyphen_values = true)]
    pattern: Vec<String>,
    /// Every value of --cache.
    #[arg(long, group = "target", requires = "cache")]
    clear: bool,
    /// Every value of every cache of the namespace.
    #[arg(long, group = "target")]
    everything: bool,
    /// The cache that is meant.
    #[arg(long)]
    cache: Option<String>,
    #[command(flatten)]
    types: KeyArgs,
    /// Keep what is forgotten as a fallback for loads that fail, where a cache allows that.
    #[arg(long)]
    soft: bool,
    /// Print one JSON object: how many invalidations were made, and the number of the newest.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Serialize)]
struct Answer {
    invalidations: usize,
    number: u64,
}

impl Invalidate {
    pub(super) async fn run(self) -> Result<Outcome, Error> {
        let invalidations = self.invalidations()?;
        // Finds out whether it can be reached and knows the namespace, which joining would start.
        let redis = self.connection.inspector().await?;
        let done = self.issue(invalidations.clone()).await;
        let chain = redis.chain().await;
        redis.shutdown().await;
        done?;
        let answer = Answer { invalidations: invalidations.len(), number: chain?.newest.number };
        let Answer { invalidations, number } = answer;
        let text = || format!("{invalidations} done; the newest invalidation is number {number}");
        print(&if self.json { json(&answer) } else { text() })?;
        Ok(Outcome::Good)
    }

    async fn issue(&self, invalidations: Vec<Invalidation>) -> Result<(), Error> {
        let (config, timeout) = (self.connection.redis(), self.connection.timeout());
        let failed = |error: &dyn std::fmt::Display| Error::Redis { problem: error.to_string() };
        let tier = Arc::new(RedisTier::connect(&config).map_err(|error| failed(&error.source))?);
        let sequencer = RedisSequencer::connect(&config, self.connection.chain());
        let sequencer = Arc::new(sequencer.map_err(|error| failed(&error.source))?);
        let guard = TierConfig { deadline: timeout, ..TierConfig::default() };
        let guarded = GuardedTier::new(tier.clone(), &guard, &Meter::disabled());
        let space = Namespace::builder(self.connection.namespace())
            .sequencer(sequencer.clone())
            .tier(guarded.map_err(|error| failed(&error))?)
            .issue_deadline(timeout)
            .silence_max(Duration::from_secs(3600))
            .meter(&Meter::disabled())
            .build()
            .map_err(|error| failed(&error))?;
        let joined = tokio::time::timeout(timeout, space.ready()).await;
        joined.map_err(|_elapsed| failed(&"it did not answer in time; nothing was invalidated"))?;
        let reached = space.invalidate_all(invalidations).await;
        // Tombstones of keys are confirmed before it ends.
        let closed = tokio::time::timeout(timeout, space.shutdown()).await;
        sequencer.shutdown().await;
        tier.shutdown().await;
        match (reached, closed) {
            (Reached::Everywhere, Ok(())) => Ok(()),
            _ => Err(failed(&"it did not confirm in time; the invalidation may or may not have happened")),
        }
    }

    fn invalidations(&self) -> Result<Vec<Invalidation>, Error> {
        let cache = self.cache.as_deref().unwrap_or_default();
        let mut targets: Vec<_> = self.tag.iter().map(|tag| Target::Tag(Tag::named(tag.as_str()))).collect();
        for key in &self.key {
            let full = [cache.as_bytes(), b":", &self.types.key(key)?.bytes].concat();
            targets.push(Target::Key(full.into()));
        }
        let prefixes = self.prefix.iter().map(|prefix| Pattern::prefix(prefix));
        for pattern in prefixes.chain(self.pattern.iter().map(|pattern| Pattern::new(pattern))) {
            targets.push(Target::Pattern { cache: self.cache.as_deref().map(Into::into), pattern });
        }
        if self.clear {
            targets.push(Target::Clear(Some(cache.into())));
        }
        if self.everything {
            targets.push(Target::Clear(None));
        }
        let strength = if self.soft { Strength::Soft } else { Strength::Hard };
        let one = |target| Invalidation { target, strength, positions: forebay_scope::Positions::default() };
        Ok(targets.into_iter().map(one).collect())
    }
}
