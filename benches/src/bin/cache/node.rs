//! What talks to Redis: a node of ours, and the bare client.

use forebay::{
    cache::{
        GuardedTier, Namespace, TierConfig,
        fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
    },
    metrics::Meter,
};
use forebay_tests::eventually;
use fred::{
    clients::Client,
    interfaces::ClientLike as _,
    types::{Builder, config::Config},
};
use std::{sync::Arc, time::Duration};

/// Generous: a machine that measures is busy, and a late answer would be a miss.
pub(crate) const PATIENT: Duration = Duration::from_secs(10);

/// How to reach Redis, and to wait for it.
pub(crate) fn patient(url: &str) -> RedisConfig {
    RedisConfig { command_timeout: PATIENT, dead_after: PATIENT, ..RedisConfig::from_url(url) }
}

/// A namespace over Redis, connected: one node.
pub(crate) async fn namespace(url: &str, name: &str) -> anyhow::Result<Namespace> {
    let redis = patient(url);
    let tier = Arc::new(RedisTier::connect(&redis)?);
    let guard = TierConfig { deadline: PATIENT, ..TierConfig::default() };
    let space = Namespace::builder(name)
        .sequencer(Arc::new(RedisSequencer::connect(&redis, SequencerConfig::of(name))?))
        .tier(GuardedTier::new(tier.clone(), &guard, &Meter::disabled())?)
        .issue_deadline(PATIENT)
        .meter(&Meter::disabled())
        .build()?;
    space.ready().await;
    eventually("Redis is reached", async || tier.is_connected()).await;
    Ok(space)
}

/// As its documentation sets it up.
pub(crate) async fn bare(url: &str) -> anyhow::Result<Client> {
    let client = Builder::from_config(Config::from_url(url)?).build()?;
    client.init().await?;
    Ok(client)
}
