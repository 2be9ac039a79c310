//! Encrypted entries are judged with their keys, and said to be unjudged without.

use std::io::Write as _;

use forebay_cache::{Keyring, fred10::RedisConfig};
use forebay_tests::Redis;

use crate::service::{SEVEN, json, run, service_of, tagged};

fn file(lines: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(lines.as_bytes()).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_are_judged_with_the_key_only() {
    let server = Redis::start().await.unwrap();
    let url = server.url();
    let (ours, other) = (format!("7 xaes-256-gcm {}\n", "ab".repeat(32)), format!("7 {}\n", "ab".repeat(32)));
    let keyring = Keyring::from_lines(&ours).unwrap();
    let config = RedisConfig::from_url(&url);
    let service = service_of(&config, |users| users.encryption(&keyring)).await;
    tagged(&service).await;
    let ours = file(&format!("# of the service\n\n{ours}"));
    let with_key = [&SEVEN[..], &["--encryption-keys", ours.path().to_str().unwrap()]].concat();

    let without = json(&url, &SEVEN).await;
    assert_eq!(
        (&without["answer"], &without["tiers"][0]["standing"]),
        (&"unjudged".into(), &"sealed".into())
    );
    let (text, ..) = run(&url, &[&SEVEN[..], &["--namespace", "shop"]].concat()).await;
    for part in
        ["for want of the encryption key", "its tags cannot be read from here", "encrypted with key 7"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let with = json(&url, &with_key).await;
    assert_eq!((&with["answer"]["tier"], &with["tiers"][0]["tags"][0]), (&"redis".into(), &"user:7".into()));

    json(&url, &["invalidate", "--tag", "user:7"]).await;
    assert_eq!(json(&url, &SEVEN).await["tiers"][0]["standing"], "sealed", "the floor does not tell");
    let with = json(&url, &with_key).await;
    assert_eq!((&with["answer"], &with["tiers"][0]["standing"]), (&"loader".into(), &"invalid".into()));

    let other = file(&other);
    let forged =
        json(&url, &[&SEVEN[..], &["--encryption-keys", other.path().to_str().unwrap()]].concat()).await;
    assert_eq!(forged["tiers"][0]["why"], "Forged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_holds_no_keys_is_refused_without_repeating_it() {
    for (lines, why) in [
        ("", "there is no encryption key"),
        ("1 secret", "encryption key 1 is not 64 hexadecimal digits"),
        ("1 rot13 secret", "line 1 is neither"),
        (&format!("2 {0}\n2 {0}", "cd".repeat(32)), "encryption key 2 is there twice"),
    ] {
        let file = file(lines);
        let path = file.path().to_str().unwrap();
        let (out, err, code) =
            run("redis://127.0.0.1:1", &[&SEVEN[..], &["--encryption-keys", path]].concat()).await;
        assert_eq!((out.as_str(), code), ("", Some(1)));
        assert!(err.contains(&format!("{path} is no file of encryption keys: {why}")), "{err}");
        assert!(!err.contains("secret") && !err.contains("cdcd"), "{err}");
    }
}
