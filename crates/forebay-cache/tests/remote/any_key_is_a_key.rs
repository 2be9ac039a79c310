//! Keys that are long, empty, or hold control characters and spaces come back under themselves only, from every server.

use crate::fixture::{connected, fill, stamp, text};
use bytes::Bytes;
use forebay_cache::{Outcome, Tier};
use forebay_tests::shared;

async fn keys_stay_apart(tier: &dyn Tier, prefix: &str) {
    connected(tier).await;
    let parts: [Vec<u8>; 8] = [
        b"plain".to_vec(),
        b"with space".to_vec(),
        b"line\r\nget x\r\n".to_vec(),
        vec![0, 1, 2, 255, 254],
        vec![b'a'; 181],
        vec![b'a'; 250],
        vec![b'a'; 251],
        vec![b'b'; 100_000],
    ];
    let keys: Vec<Bytes> = parts.iter().map(|part| [prefix.as_bytes(), part].concat().into()).collect();
    let fills: Vec<_> =
        keys.iter().enumerate().map(|(at, key)| fill(key, &format!("value {at}"), stamp(1))).collect();
    let outcomes = tier.put(&fills).await.expect("the server takes them");
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Stored), "{outcomes:?}");
    let found = tier.get(&keys).await.expect("the server answers");
    for (at, (key, stored)) in keys.iter().zip(&found).enumerate() {
        assert_eq!(text(key, stored.as_ref()), Some(format!("value {at}")));
    }
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn in_redis() {
    use forebay_cache::fred10::{RedisConfig, RedisTier};
    let lab = shared().await;
    let tier = RedisTier::connect(&RedisConfig::from_url(lab.redis_url())).expect("a valid configuration");
    keys_stay_apart(&tier, &lab.key_prefix("any_key")).await;
}

#[cfg(feature = "memcached")]
#[tokio::test]
async fn in_memcached() {
    use forebay_cache::memcache021::{MemcachedConfig, MemcachedTier};
    let lab = shared().await;
    let tier =
        MemcachedTier::connect(MemcachedConfig::of([lab.memcached_addr()])).expect("a valid configuration");
    keys_stay_apart(&tier, &lab.key_prefix("any_key")).await;
}
