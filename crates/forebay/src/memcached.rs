//! What the configuration of Memcached starts: a tier below Redis.

use crate::{Condition, Error, PartHealth, config::Settings};
use forebay_cache::{
    GuardedTier, NamespaceBuilder,
    memcache021::{MemcachedConfig, MemcachedTier},
};
use forebay_metrics::Meter;
use forebay_traffic::State;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Memcached(GuardedTier);

impl Memcached {
    /// Adds the tier to the namespace. It connects on first use.
    pub(crate) fn start(
        config: &MemcachedConfig,
        settings: &Settings,
        meter: &Meter,
        namespace: NamespaceBuilder,
    ) -> Result<(Self, NamespaceBuilder), Error> {
        let tier = MemcachedTier::connect(config.clone()).map_err(|e| Error::Memcached(e.source))?;
        let guarded = GuardedTier::new(Arc::new(tier), &settings.tier, meter)?;
        Ok((Self(guarded.clone()), namespace.tier(guarded)))
    }

    /// Never down: without Memcached every answer is still right, and slower.
    pub(crate) fn health(&self) -> PartHealth {
        let (condition, detail) = match self.0.state() {
            State::Closed => (Condition::Up, "the tier is in use"),
            State::HalfOpen => (Condition::Degraded, "the tier failed and is being tried again"),
            State::Open => (Condition::Degraded, "the tier fails and is left alone for now"),
        };
        PartHealth { part: "memcached", condition, detail: detail.to_owned() }
    }
}
