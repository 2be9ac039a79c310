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

/// A namespace over Redis, connected: one node.
pub(crate) async fn namespace(url: &str, name: &str) -> anyhow::Result<Namespace> {
    let redis = RedisConfig::from_url(url);
    let tier = Arc::new(RedisTier::connect(&redis)?);
    // Generous: a machine that measures is busy, and a late answer would be a miss.
    let guard = TierConfig { deadline: Duration::from_secs(1), ..TierConfig::default() };
    let space = Namespace::builder(name)
        .sequencer(Arc::new(RedisSequencer::connect(&redis, SequencerConfig::of(name))?))
        .tier(GuardedTier::new(tier.clone(), &guard, &Meter::disabled())?)
        .issue_deadline(Duration::from_secs(1))
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
