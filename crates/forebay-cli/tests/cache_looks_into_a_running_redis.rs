//! What services keep in a Redis is explained, counted and invalidated from a shell.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::{sync::Arc, time::Duration};

use forebay_cache::{
    Cache, GuardedTier, Namespace, Tag, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_tests::{Redis, eventually};
use serde_json::Value;
use support::forebay;

struct Service {
    users: Cache<u64, String>,
}

async fn service(url: &str) -> Service {
    let redis = RedisConfig::from_url(url);
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
    Service { users: users.build().unwrap() }
}

/// Runs the command against the server; standard output, standard error, exit code.
async fn run(url: &str, args: &[&str]) -> (String, String, Option<i32>) {
    let mut all = vec!["cache".to_owned(), args[0].to_owned(), "--redis".to_owned(), url.to_owned()];
    all.extend(args[1..].iter().map(ToString::to_string));
    let run = move || forebay(&all.iter().map(String::as_str).collect::<Vec<_>>(), b"");
    tokio::task::spawn_blocking(run).await.unwrap()
}

async fn json(url: &str, args: &[&str]) -> Value {
    let (out, err, code) = run(url, &[args, &["--namespace", "shop", "--json"]].concat()).await;
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).unwrap()
}

const SEVEN: [&str; 6] = ["explain", "--cache", "users", "--key-type", "u64", "7"];

async fn standing(url: &str) -> Value {
    json(url, &SEVEN).await["tiers"][0]["standing"].clone()
}

async fn loaded(service: &Service, url: &str) {
    let tags = || [Tag::of("user", 7)];
    service.users.entry(&7).tags(tags).get_or_load(async || "Ada".to_owned()).await;
    eventually("the tier is filled", async || standing(url).await == "fresh").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_explained_and_forgotten_by_tag_key_and_cache() {
    let server = Redis::start().await.unwrap();
    let url = server.url();
    let service = service(&url).await;
    loaded(&service, &url).await;

    let (text, _, code) = run(&url, &[&SEVEN[..], &["--namespace", "shop"]].concat()).await;
    assert_eq!(code, Some(0));
    for part in ["answered from redis", "✓ tag user:7: newest 0", "messagepack, schema 0"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }

    let forget: [&[&str]; 5] = [
        &["invalidate", "--cache", "users", "--prefix", "7"],
        &["invalidate", "--pattern", "?"],
        &["invalidate", "--tag", "user:7"],
        &["invalidate", "--cache", "users", "--key-type", "u64", "--key", "7"],
        &["invalidate", "--cache", "users", "--clear"],
    ];
    for (number, how) in forget.iter().enumerate() {
        let done = json(&url, how).await;
        assert_eq!(done["number"], number + 1, "{how:?}");
        eventually("the service has forgotten", async || service.users.peek(&7).is_none()).await;
        let why = json(&url, &SEVEN).await;
        let held = &why["tiers"][0];
        assert!(held["held"] == "tombstone" || held["standing"] == "invalid", "{how:?}: {why}");
        loaded(&service, &url).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_is_told_in_numbers() {
    let server = Redis::start().await.unwrap();
    let url = server.url();
    let service = service(&url).await;
    loaded(&service, &url).await;
    service.users.invalidate(&8).await;
    eventually("entry and tombstone are there", async || {
        let sample = &json(&url, &["stats"]).await["sample"];
        sample["caches"]["users"]["entries"] == 1 && sample["caches"]["users"]["tombstones"] == 1
    })
    .await;
    let stats = json(&url, &["stats"]).await;
    assert_eq!((&stats["chain"]["newest"]["number"], &stats["chain"]["events_kept"]), (&1.into(), &1.into()));
    assert_eq!((&stats["sample"]["looked_at"], &stats["sample"]["complete"]), (&2.into(), &true.into()));
    assert_eq!(stats["sample"]["caches"]["users"]["plain_bytes"], 4);
    let bounded = json(&url, &["stats", "--sample", "1"]).await;
    assert_eq!((&bounded["sample"]["looked_at"], &bounded["sample"]["complete"]), (&1.into(), &false.into()));
    let (text, _, code) = run(&url, &["stats", "--namespace", "shop"]).await;
    assert_eq!(code, Some(0));
    assert!(text.contains("users: 1 entries, 1 tombstones"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_said() {
    let server = Redis::start().await.unwrap();
    let url = server.url();
    for args in [&SEVEN[..], &["stats"], &["invalidate", "--tag", "user:7"]] {
        let (out, err, code) = run(&url, args).await;
        assert_eq!((out.as_str(), code), ("", Some(1)));
        assert!(err.contains(r#"Redis has no namespace "default""#), "{err}");
    }

    let (_, err, code) = run(&url, &["explain", "--cache", "users", "--key-type", "u8", "seven"]).await;
    assert_eq!(code, Some(1));
    assert!(err.contains(r#"key "seven""#), "{err}");

    let (_, err, code) = run("http://nonsense", &["stats"]).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("the Redis settings cannot be meant"), "{err}");

    drop(server);
    let (_, err, code) = run(&url, &["stats", "--timeout", "1"]).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("Redis cannot be reached"), "{err}");
}

#[test]
fn help_teaches_and_wrong_usage_exits_with_two() {
    for (command, part) in [("explain", "--key-type"), ("stats", "--sample"), ("invalidate", "--everything")]
    {
        let (help, _, code) = forebay(&["cache", command, "--help"], b"");
        assert_eq!(code, Some(0));
        for part in ["Examples:", "Exit status:", "REDIS_URL", part] {
            assert!(help.contains(part), "{part} is not in the help of {command}");
        }
    }
    for args in
        [&["invalidate"][..], &["invalidate", "--key", "7"], &["explain", "7"], &["invalidate", "--clear"]]
    {
        let (_, err, code) = forebay(&[&["cache"][..], args].concat(), b"");
        assert_eq!(code, Some(2), "{args:?}: {err}");
    }
}
