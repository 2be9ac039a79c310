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
    assert!(refusal("rediss://localhost").contains("TLS"));
    assert!(refusal("redis-cluster://localhost").contains("from_client"));
    for url in ["redis://", "redis://h:99999", "redis://h/x", "redis://h/1/2", "redis://h:port"] {
        let words = refusal(url);
        assert!(words.starts_with("redis: connect failed: ") && words.len() > 30, "{words}");
    }
    for url in ["redis://user:s3cret@h:99999", "redis://user:s3cret@h/x", "http://user:s3cret@h"] {
        assert!(!refusal(url).contains("s3cret"), "{}", refusal(url));
    }
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
