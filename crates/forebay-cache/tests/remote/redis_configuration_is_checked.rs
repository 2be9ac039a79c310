//! What cannot be meant is refused at once with a sentence, and nothing ever shows a password.

use forebay_cache::fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig};
use std::{error::Error, time::Duration};

fn words(error: &dyn Error) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error}: {source}")
}

fn refusal(url: &str) -> String {
    words(&RedisTier::connect(&RedisConfig::from_url(url)).expect_err(url))
}

#[tokio::test]
async fn urls() {
    assert!(refusal("localhost:6379").contains("expected redis://"), "{}", refusal("localhost:6379"));
    assert!(refusal("http://localhost").contains("expected redis://"));
    assert!(refusal("").contains("expected redis://"));
    assert!(refusal("redis-sentinel://localhost").contains("?sentinelServiceName=NAME"));
    assert!(refusal("redis-cluster://localhost:1/3").contains("no databases"));
    assert!(refusal("redis-cluster://localhost:1?node=nowhere").contains("nowhere"));
    #[cfg(not(feature = "rustls"))]
    for url in ["rediss://localhost", "rediss-cluster://localhost:1"] {
        assert!(refusal(url).contains("feature `rustls`"), "{}", refusal(url));
    }
    for url in ["redis://", "redis://h:99999", "redis://h/x", "redis://h/1/2", "redis://h:port"] {
        let words = refusal(url);
        assert!(words.starts_with("redis: connect failed: ") && words.len() > 30, "{words}");
    }
    for url in ["redis://user:s3cret@h:99999", "redis://user:s3cret@h/x", "http://user:s3cret@h"] {
        assert!(!refusal(url).contains("s3cret"), "{}", refusal(url));
    }
}

#[tokio::test]
async fn replicas() {
    let refusal =
        |config: RedisConfig| words(&RedisTier::connect(&config).expect_err("it contradicts itself"));
    let replica_urls = vec!["redis://h".to_owned()];
    let single = RedisConfig { read_from_replicas: true, ..RedisConfig::default() };
    assert!(refusal(single).contains("`replica_urls`"));
    let cluster = RedisConfig { replica_urls, ..RedisConfig::from_url("redis-cluster://h:1") };
    assert!(refusal(cluster).contains("`read_from_replicas`"));
    let odd = RedisConfig { replica_urls: vec!["redis-cluster://h:1".into()], ..RedisConfig::default() };
    assert!(refusal(odd).contains("a replica is named"));
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn authorities_of_tls() {
    let with = |tls_ca: &str| RedisConfig {
        tls_ca: Some(tls_ca.into()),
        ..RedisConfig::from_url("rediss://user:s3cret@localhost")
    };
    let missing = words(&RedisTier::connect(&with("/nowhere/ca.pem")).expect_err("there is no file"));
    assert!(missing.contains("cannot read `tls_ca`") && !missing.contains("s3cret"), "{missing}");
    let empty = words(&RedisTier::connect(&with("/dev/null")).expect_err("it is empty"));
    assert!(empty.contains("no certificate of an authority"), "{empty}");
}

#[tokio::test]
async fn debug_output_has_no_password() {
    let config = RedisConfig::from_url("redis://user:s3cret@127.0.0.1:1/0");
    let tier = RedisTier::connect(&config).expect("a valid URL");
    let sequencer = RedisSequencer::connect(&config, SequencerConfig::of("shop")).expect("a valid URL");
    let shown = format!("{config:?} {tier:?} {sequencer:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    tier.shutdown().await;
    sequencer.shutdown().await;
}

#[tokio::test]
async fn numbers_and_names() {
    let redis = RedisConfig::default();
    let zero = RedisConfig { command_timeout: Duration::ZERO, ..RedisConfig::default() };
    assert!(words(&RedisTier::connect(&zero).expect_err("zero")).contains("timeout"));
    for config in [
        SequencerConfig::of(""),
        SequencerConfig::of("a{b}"),
        SequencerConfig::of("x".repeat(129)),
        SequencerConfig { key_prefix: "{".into(), ..SequencerConfig::default() },
        SequencerConfig { heartbeat: Duration::ZERO, ..SequencerConfig::default() },
        SequencerConfig { events_max: 0, ..SequencerConfig::default() },
        SequencerConfig { tags_max: 3, ..SequencerConfig::default() },
        SequencerConfig { heard_max: 0, ..SequencerConfig::default() },
    ] {
        assert!(RedisSequencer::connect(&redis, config.clone()).is_err(), "{config:?}");
    }
}
