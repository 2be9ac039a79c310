//! Each command against one server, and what it says when it cannot be done.

use forebay_tests::{Redis, eventually};

use crate::service::{SEVEN, json, loaded, run, service};
use crate::support::forebay;

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
