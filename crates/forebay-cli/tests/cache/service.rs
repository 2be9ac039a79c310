//! A service that shares a Redis, and the command beside it.

use std::{sync::Arc, time::Duration};

use forebay_cache::{
    Cache, CacheBuilder, GuardedTier, Namespace, Tag, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_tests::eventually;
use serde_json::Value;

use crate::support::forebay;

pub(crate) struct Service {
    pub(crate) users: Cache<u64, String>,
}

/// A service of one server.
pub(crate) async fn service(url: &str) -> Service {
    service_of(&RedisConfig::from_url(url), |users| users).await
}

/// A service whose cache is built as `built` says.
pub(crate) async fn service_of(
    redis: &RedisConfig,
    built: impl FnOnce(CacheBuilder<u64, String>) -> CacheBuilder<u64, String>,
) -> Service {
    let redis = RedisConfig { command_timeout: Duration::from_secs(2), ..redis.clone() };
    let tier = Arc::new(RedisTier::connect(&redis).unwrap());
    let guard = TierConfig { deadline: Duration::from_secs(5), ..TierConfig::default() };
    let space = Namespace::builder("shop")
        .sequencer(Arc::new(RedisSequencer::connect(&redis, SequencerConfig::of("shop")).unwrap()))
        .tier(GuardedTier::new(tier, &guard, &Meter::disabled()).unwrap())
        .meter(&Meter::disabled())
        .build()
        .unwrap();
    space.ready().await;
    let users = Cache::builder("users").namespace(&space).ttl(Duration::from_secs(300)).shared();
    Service { users: built(users).build().unwrap() }
}

/// Runs the command against the server; standard output, standard error, exit code.
pub(crate) async fn run(url: &str, args: &[&str]) -> (String, String, Option<i32>) {
    let mut all = vec!["cache".to_owned(), args[0].to_owned(), "--redis".to_owned(), url.to_owned()];
    all.extend(args[1..].iter().map(ToString::to_string));
    let run = move || forebay(&all.iter().map(String::as_str).collect::<Vec<_>>(), b"");
    tokio::task::spawn_blocking(run).await.unwrap()
}

pub(crate) async fn json(url: &str, args: &[&str]) -> Value {
    let (out, err, code) = run(url, &[args, &["--namespace", "shop", "--json"]].concat()).await;
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).unwrap()
}

/// Explains the key of the entry that [`loaded`] leaves.
pub(crate) const SEVEN: [&str; 6] = ["explain", "--cache", "users", "--key-type", "u64", "7"];

async fn standing(url: &str) -> Value {
    json(url, &SEVEN).await["tiers"][0]["standing"].clone()
}

/// Leaves an entry with a tag in memory and in Redis.
pub(crate) async fn tagged(service: &Service) {
    let entry = service.users.entry(&7).tags(|| [Tag::of("user", 7)]);
    assert!(entry.insert_through("Ada".to_owned()).await.is_everywhere());
}

/// The same by a load, seen from outside.
pub(crate) async fn loaded(service: &Service, url: &str) {
    let tags = || [Tag::of("user", 7)];
    service.users.entry(&7).tags(tags).get_or_load(async || "Ada".to_owned()).await;
    eventually("the tier is filled", async || standing(url).await == "fresh").await;
}
