//! The same behind sentinels, in a cluster, and over TLS.

use forebay_cache::fred10::RedisConfig;
use forebay_tests::{Redis, RedisCluster, RedisSentinel, RedisSpec, eventually};
use serde_json::Value;

use crate::service::{SEVEN, Service, json, service, service_of};

/// Explains, counts and forgets entries whose keys fall on any shard.
async fn looked_into(service: &Service, url: &str, more: &[&str]) {
    let asked = async |args: &[&str]| json(url, &[args, more].concat()).await;
    for id in 0..20 {
        service.users.entry(&id).insert_through(format!("user {id}")).await;
    }
    let entries = async || asked(&["stats"]).await["sample"]["caches"]["users"]["entries"].clone();
    eventually("every entry is counted", async || entries().await == 20).await;
    let stats = asked(&["stats"]).await;
    assert_eq!((&stats["sample"]["looked_at"], &stats["sample"]["complete"]), (&20.into(), &true.into()));
    assert!(stats["sample"]["server_keys"].as_u64().unwrap() >= 20, "{stats}");
    let bounded = asked(&["stats", "--sample", "5"]).await;
    assert_eq!((&bounded["sample"]["looked_at"], &bounded["sample"]["complete"]), (&5.into(), &false.into()));

    let standing = async || asked(&SEVEN).await["tiers"][0]["standing"].clone();
    assert_eq!(standing().await, "fresh");
    let key = asked(&["invalidate", "--cache", "users", "--key-type", "u64", "--key", "8"]).await;
    let everything = asked(&["invalidate", "--cache", "users", "--clear"]).await;
    assert_eq!((&key["number"], &everything["number"]), (&Value::from(1), &Value::from(2)));
    assert_eq!(standing().await, "invalid");
    eventually("the service has forgotten", async || service.users.peek(&7).is_none()).await;
    eventually("the tombstone is there", async || {
        asked(&["stats"]).await["sample"]["caches"]["users"]["tombstones"] == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster() {
    let cluster = RedisCluster::start().await.unwrap();
    let url = cluster.url();
    looked_into(&service(&url).await, &url, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels() {
    let group = RedisSentinel::start().await.unwrap();
    let url = group.url();
    looked_into(&service(&url).await, &url, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_with_an_authority_of_ones_own() {
    let redis = Redis::start_with(RedisSpec::default().tls()).await.unwrap();
    let url = redis.tls_url();
    let config = RedisConfig { tls_ca: Some(redis.authority().to_owned()), ..RedisConfig::from_url(&url) };
    let authority = redis.authority().to_str().unwrap();
    looked_into(&service_of(&config, |users| users).await, &url, &["--tls-ca", authority]).await;
}
