//! Answer number n belongs to key number n, on one server or several, whatever the keys look like.

use crate::fixture::{fill, removal, stamp, text};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Outcome, Tier,
    memcache021::{MemcachedConfig, MemcachedTier},
};
use forebay_tests::{Memcached, shared};
use std::time::Duration;

async fn round(tier: &MemcachedTier, keys: &[Bytes]) -> Result<()> {
    let fills: Vec<_> = keys
        .iter()
        .enumerate()
        .filter(|(n, _)| n % 3 == 0)
        .map(|(n, key)| fill(key, &n.to_string(), stamp(2)))
        .collect();
    assert_eq!(tier.put(&fills).await?, vec![Outcome::Stored; fills.len()]);
    let removals: Vec<_> =
        keys.iter().enumerate().filter(|(n, _)| n % 3 == 1).map(|(_, key)| removal(key, stamp(3))).collect();
    tier.remove(&removals).await?;
    for (n, (key, stored)) in keys.iter().zip(tier.get(keys).await?).enumerate() {
        let expected = match n % 3 {
            0 => Some(n.to_string()),
            1 => Some("†".to_owned()),
            _ => None,
        };
        assert_eq!(text(key, stored.as_ref()), expected);
        if let Some(stored) = stored {
            // A tombstone stays two seconds longer, because the clock of Memcached may be about to tick.
            let asked = Duration::from_secs(if n % 3 == 0 { 60 } else { 32 });
            assert!(
                stored.remaining.is_some_and(|left| left <= asked && left > asked / 2),
                "{:?}",
                stored.remaining
            );
        }
    }
    let again: Vec<_> = keys.iter().map(|key| fill(key, "again", stamp(2))).collect();
    for (n, outcome) in tier.put(&again).await?.into_iter().enumerate() {
        assert_eq!(outcome, if n % 3 == 1 { Outcome::Refused } else { Outcome::Stored });
    }
    Ok(())
}

#[tokio::test]
async fn on_one_server() -> Result<()> {
    let lab = shared().await;
    let tier = MemcachedTier::connect(MemcachedConfig::of([lab.memcached_addr()]))?;
    let prefix = lab.key_prefix("mc_batches");
    round(&tier, &(0..90).map(|n| Bytes::from(format!("{prefix}:{n}"))).collect::<Vec<_>>()).await?;
    assert!(tier.get(&[]).await?.is_empty());
    assert!(tier.put(&[]).await?.is_empty());
    tier.remove(&[]).await?;
    Ok(())
}

#[tokio::test]
async fn on_three_servers_with_one_away() -> Result<()> {
    let servers = [Memcached::start().await?, Memcached::start().await?, Memcached::start().await?];
    let tier = MemcachedTier::connect(MemcachedConfig::of(servers.iter().map(|server| server.addr())))?;
    let keys: Vec<_> = (0..90).map(|n| Bytes::from(format!("key:{n}"))).collect();
    round(&tier, &keys).await?;
    servers[1].kill();
    let found = tier.get(&keys).await?.iter().filter(|stored| stored.is_some()).count();
    assert!((20..90).contains(&found), "{found} of 90 on the two servers that are left");
    let removals: Vec<_> = keys.iter().map(|key| removal(key, stamp(9))).collect();
    assert!(
        tier.remove(&removals).await.is_err(),
        "an invalidation that is not everywhere is not passed over"
    );
    Ok(())
}

#[tokio::test]
async fn with_long_and_odd_keys() -> Result<()> {
    let lab = shared().await;
    let tier = MemcachedTier::connect(MemcachedConfig::of([lab.memcached_addr()]))?;
    let prefix = lab.key_prefix("mc_odd");
    let lengths = [0, 50, 100, 120, 150, 187, 200, 249, 250, 251, 1000, 70_000];
    let plain = lengths.iter().map(|length| Bytes::from(format!("{prefix}{}", "x".repeat(*length))));
    let odd = lengths.iter().map(|length| Bytes::from(format!("{prefix} \0\r\n{}", "\x7f".repeat(*length))));
    round(&tier, &plain.chain(odd).collect::<Vec<_>>()).await
}

#[tokio::test]
async fn what_it_cannot_keep_is_skipped() -> Result<()> {
    let lab = shared().await;
    let tier = MemcachedTier::connect(MemcachedConfig::of([lab.memcached_addr()]))?;
    let key = |n: u32| Bytes::from(format!("{}:{n}", lab.key_prefix("mc_skip")));
    let sized = |length: usize| {
        let mut sized = fill(&key(1), "", stamp(1));
        sized.value = [&sized.value[..], &vec![b'x'; length]].concat().into();
        sized
    };
    let mut brief = fill(&key(2), "brief", stamp(1));
    brief.keep = Some(Duration::from_millis(900));
    let outcomes = tier.put(&[sized(1 << 20), brief, fill(&key(3), "fits", stamp(1))]).await?;
    assert_eq!(outcomes, [Outcome::Skipped, Outcome::Skipped, Outcome::Stored]);
    assert_eq!(
        tier.put(&[sized((1 << 20) - 1000)]).await?,
        [Outcome::Stored],
        "the default limit is the server's"
    );
    Ok(())
}

/// Memcached reads more than thirty days as a date, which would be long past.
#[tokio::test]
async fn entries_may_be_kept_for_months_or_without_a_limit() -> Result<()> {
    let lab = shared().await;
    let tier = MemcachedTier::connect(MemcachedConfig::of([lab.memcached_addr()]))?;
    let key = Bytes::from(lab.key_prefix("mc_months"));
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    let mut months = fill(&key, "months", stamp(1));
    months.keep = Some(days(90));
    tier.put(&[months]).await?;
    let stored = tier.get(std::slice::from_ref(&key)).await?.remove(0).expect("it is kept");
    assert!(stored.remaining.is_some_and(|left| left > days(29) && left <= days(30)), "{stored:?}");

    let mut unlimited = fill(&key, "unlimited", stamp(2));
    unlimited.keep = None;
    tier.put(&[unlimited]).await?;
    let stored = tier.get(std::slice::from_ref(&key)).await?.remove(0).expect("it is kept");
    assert_eq!(stored.remaining, None);
    Ok(())
}
