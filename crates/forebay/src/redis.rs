//! What the configuration of Redis starts: a tier, and the sequencer that carries invalidations.

use crate::{Condition, Error, PartHealth, config::Settings};
use forebay_cache::{
    GuardedTier, NamespaceBuilder,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Redis {
    tier: Arc<RedisTier>,
    sequencer: Arc<RedisSequencer>,
}

impl Redis {
    /// Starts to connect, in the background, and adds what was started to the namespace.
    pub(crate) fn start(
        config: &RedisConfig,
        settings: &Settings,
        meter: &Meter,
        namespace: NamespaceBuilder,
    ) -> Result<(Self, NamespaceBuilder), Error> {
        let tier = Arc::new(RedisTier::connect(config).map_err(|e| Error::Redis(e.source))?);
        let chain = SequencerConfig {
            heartbeat: settings.coherence.heartbeat,
            ..SequencerConfig::of(settings.service.name.as_str())
        };
        let sequencer = RedisSequencer::connect(config, chain).map_err(|e| Error::Redis(e.source))?;
        let sequencer = Arc::new(sequencer);
        let guarded = GuardedTier::new(tier.clone(), &settings.tier, meter)?;
        let namespace = namespace.tier(guarded).sequencer(sequencer.clone());
        Ok((Self { tier, sequencer }, namespace))
    }

    /// Never down: without Redis every answer is still right, and slower.
    pub(crate) fn health(&self) -> PartHealth {
        let (condition, detail) = match (self.tier.is_connected(), self.sequencer.is_connected()) {
            (true, true) => (Condition::Up, "the tier and the bus answer"),
            (true, false) => {
                (Condition::Degraded, "the bus does not answer: other nodes hear of invalidations later")
            }
            (false, true) => {
                (Condition::Degraded, "the tier does not answer: caches use memory and their loaders")
            }
            (false, false) => (Condition::Degraded, "no answer: caches use memory and their loaders"),
        };
        PartHealth { part: "redis", condition, detail: detail.to_owned() }
    }

    pub(crate) async fn shutdown(&self) {
        self.sequencer.shutdown().await;
        self.tier.shutdown().await;
    }
}
