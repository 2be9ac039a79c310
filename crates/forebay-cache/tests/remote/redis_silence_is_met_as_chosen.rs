//! A node behind a black hole goes by the policy that was chosen, and follows again when the way is free.

use crate::fixture::until;
use anyhow::Result;
use forebay_cache::{
    Cache, Namespace, Reached, WhenSilent,
    fred10::{RedisConfig, RedisSequencer, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_tests::{FaultProxy, Redis};
use std::{sync::Arc, time::Duration};

async fn node(url: String, policy: WhenSilent) -> Result<Cache<u32, String>> {
    let redis = RedisConfig {
        dead_after: Duration::from_millis(400),
        reconnect_delay_max: Duration::from_millis(50),
        ..RedisConfig::from_url(url)
    };
    let config = SequencerConfig { heartbeat: Duration::from_millis(20), ..SequencerConfig::of("shop") };
    let space = Namespace::builder("shop")
        .sequencer(Arc::new(RedisSequencer::connect(&redis, config)?))
        .silence_max(Duration::from_millis(500))
        .when_silent(policy)
        .meter(&Meter::disabled())
        .build()?;
    space.ready().await;
    Ok(Cache::builder("words").namespace(&space).build()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_black_hole() -> Result<()> {
    let redis = Redis::start().await?;
    let proxy = FaultProxy::start(&redis.addr()).await?;
    let near = node(redis.url(), WhenSilent::default()).await?;
    let far = |policy| node(proxy.url_for("redis"), policy);
    let bypass = far(WhenSilent::Bypass).await?;
    let revalidate = far(WhenSilent::Revalidate).await?;
    let stale = far(WhenSilent::ServeStale(Duration::from_secs(3600))).await?;
    for cache in [&bypass, &revalidate, &stale] {
        cache.insert(&1, "old".to_owned()).await;
    }
    proxy.black_hole();
    assert_eq!(near.invalidate_pattern("1").await, Reached::Everywhere);
    until("memory is left alone", async || bypass.peek(&1).is_none()).await;
    until("memory is loaded again", async || revalidate.peek(&1).is_none()).await;
    assert!(stale.peek(&1).is_some(), "for an hour, as was chosen");

    bypass.insert(&2, "meanwhile".to_owned()).await;
    assert!(bypass.peek(&2).is_none());
    assert_eq!(stale.invalidate(&1).await, Reached::Here, "its own hold at once");
    assert!(stale.peek(&1).is_none());
    stale.insert(&2, "old".to_owned()).await;
    near.insert(&3, "old".to_owned()).await;
    assert_eq!(stale.invalidate(&3).await, Reached::Here);
    assert_eq!(near.invalidate_pattern("2").await, Reached::Everywhere);

    proxy.heal();
    until("it heard what it had missed", async || stale.peek(&2).is_none()).await;
    until("what it had queued was sent", async || near.peek(&3).is_none()).await;
    until("memory serves again", async || {
        bypass.insert(&2, "later".to_owned()).await;
        bypass.peek(&2).is_some()
    })
    .await;
    Ok(())
}
