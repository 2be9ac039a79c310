//! What a tier that leases keys promises, whatever it is and whatever driver each of those who ask uses.

use crate::{
    drivers::{Driver, leasing},
    fixture::{ask, fill, removal, stamp, text},
};
use anyhow::{Context, Result};
use bytes::Bytes;
use forebay_cache::{LeaseAsk, LeaseState, Outcome};
use forebay_tests::shared;
use futures_util::future::try_join_all;
use std::{collections::HashSet, time::Duration};

#[tokio::test]
async fn a_key_is_leased_to_one() -> Result<()> {
    for group in leasing().await? {
        for here in &group {
            for there in &group {
                leased_to_one(here, there).await.with_context(|| format!("{} and {}", here.0, there.0))?;
            }
        }
    }
    Ok(())
}

async fn leased_to_one((driver, here): &Driver, (_, there): &Driver) -> Result<()> {
    let key = Bytes::from(shared().await.key_prefix("lease"));
    let (here, there) = (here.leases().context("it leases")?, there.leases().context("it leases")?);
    let (first, second) = (ask(), ask());
    let answer = here.get_or_lease(&key, &first).await?;
    assert_eq!((answer.stored, answer.state), (None, LeaseState::Granted), "{driver}");
    let held = there.get_or_lease(&key, &second).await?;
    assert_eq!(held.state, LeaseState::Held(first.token), "{driver}");
    let again = here.get_or_lease(&key, &first).await?;
    assert_eq!(again.state, LeaseState::Granted, "{driver}: it is the holder's");
    assert!(here.renew(&key, first.token, first.hold).await?);
    assert!(!there.renew(&key, second.token, first.hold).await?, "{driver}: not its own");
    there.release(&key, second.token, None).await?;
    there.release(&key, second.token, Some(("not its own", first.hold))).await?;
    assert_eq!(there.get_or_lease(&key, &second).await?.state, LeaseState::Held(first.token), "{driver}");

    here.release(&key, first.token, Some(("no such table", Duration::from_secs(30)))).await?;
    assert!(!here.renew(&key, first.token, first.hold).await?, "{driver}: its own no longer");
    let waited = LeaseAsk { waited_for: Some(first.token), ..second };
    let failed = there.get_or_lease(&key, &waited).await?;
    assert_eq!(failed.state, LeaseState::Failed("no such table".into()), "{driver}");
    let third = ask();
    assert_eq!(there.get_or_lease(&key, &third).await?.state, LeaseState::Granted, "{driver}: did not wait");

    // The one that held it before has not noticed yet.
    here.release(&key, first.token, None).await?;
    assert_eq!(here.get_or_lease(&key, &first).await?.state, LeaseState::Held(third.token), "{driver}");
    there.release(&key, third.token, None).await?;
    assert_eq!(here.get_or_lease(&key, &first).await?.state, LeaseState::Granted, "{driver}: it is free");
    Ok(())
}

#[tokio::test]
async fn an_entry_is_leased_when_it_has_to_be_loaded() -> Result<()> {
    for (driver, tier) in leasing().await?.into_iter().flatten() {
        let key = Bytes::from(shared().await.key_prefix("entry"));
        let leases = tier.leases().context("it leases")?;
        tier.put(&[fill(&key, "text", stamp(2))]).await?;
        let fresh = leases.get_or_lease(&key, &ask()).await?;
        assert_eq!(fresh.state, LeaseState::NotNeeded, "{driver}");
        assert_eq!(text(&key, fresh.stored.as_ref()).as_deref(), Some("text"), "{driver}");
        let window = LeaseAsk { stale_within: Duration::from_secs(3600), ..ask() };
        let stale = leases.get_or_lease(&key, &window).await?;
        assert_eq!(stale.state, LeaseState::Granted, "{driver}: past its ttl");
        assert_eq!(text(&key, stale.stored.as_ref()).as_deref(), Some("text"), "{driver}");
        let other = LeaseAsk { stale_within: Duration::from_secs(3600), ..ask() };
        let elsewhere = leases.get_or_lease(&key, &other).await?;
        assert_eq!(elsewhere.state, LeaseState::Held(window.token), "{driver}");
        assert_eq!(text(&key, elsewhere.stored.as_ref()).as_deref(), Some("text"), "{driver}");
        leases.release(&key, window.token, None).await?;
        let useless = LeaseAsk { always: true, ..ask() };
        assert_eq!(leases.get_or_lease(&key, &useless).await?.state, LeaseState::Granted, "{driver}");
        leases.release(&key, useless.token, None).await?;
        tier.remove(&[removal(&key, stamp(3))]).await?;
        let buried = leases.get_or_lease(&key, &ask()).await?;
        assert_eq!(buried.state, LeaseState::Granted, "{driver}: a tombstone is no value");
    }
    Ok(())
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_is_granted() -> Result<()> {
    for (driver, tier) in leasing().await?.into_iter().flatten() {
        let key = Bytes::from(shared().await.key_prefix("many"));
        let leases = tier.leases().context("it leases")?;
        let asks: Vec<LeaseAsk> = (0..50).map(|_| ask()).collect();
        let answers = try_join_all(asks.iter().map(|ask| leases.get_or_lease(&key, ask))).await?;
        let granted = answers.iter().filter(|answer| answer.state == LeaseState::Granted).count();
        let holders: HashSet<_> = answers
            .iter()
            .filter_map(|answer| match answer.state {
                LeaseState::Held(holder) => Some(holder),
                _ => None,
            })
            .collect();
        assert_eq!((granted, holders.len()), (1, 1), "{driver}");
    }
    Ok(())
}

/// Whenever the next one asks, it finds the lease held or the entry stored: none is loaded twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_to_be_granted_a_lease_sees_what_the_one_before_stored() -> Result<()> {
    for group in leasing().await? {
        let [(driver, here), .., (_, there)] = &group[..] else { continue };
        let prefix = shared().await.key_prefix("seen");
        let (first, second) = (here.leases().context("it leases")?, there.leases().context("it leases")?);
        for round in 0..200 {
            let key = Bytes::from(format!("{prefix}:{round}"));
            let own = ask();
            assert_eq!(first.get_or_lease(&key, &own).await?.state, LeaseState::Granted, "{driver}");
            let stores = async {
                let stored = here.put(&[fill(&key, "text", stamp(2))]).await?;
                assert_eq!(stored, [Outcome::Stored], "{driver}");
                anyhow::Ok(first.release(&key, own.token, None).await?)
            };
            let asks = async {
                loop {
                    let answer = second.get_or_lease(&key, &ask()).await?;
                    if !matches!(answer.state, LeaseState::Held(_)) {
                        return anyhow::Ok(answer);
                    }
                }
            };
            let ((), answer) = tokio::try_join!(stores, asks)?;
            let seen = text(&key, answer.stored.as_ref());
            assert_eq!(seen.as_deref(), Some("text"), "{driver}, round {round}: {:?}", answer.state);
        }
    }
    Ok(())
}

/// Somebody who chooses keys could choose one whose entry is where the lease of another is.
#[tokio::test]
async fn a_lease_is_never_put_over_an_entry() -> Result<()> {
    for (driver, tier) in leasing().await?.into_iter().flatten() {
        let prefix = shared().await.key_prefix("place");
        let leases = tier.leases().context("it leases")?;
        for (key, place) in [
            (prefix.clone(), format!("{{{prefix}}}:lease")),
            (format!("{prefix}{{7}}"), format!("{prefix}{{7}}:lease")),
        ] {
            let (key, place) = (Bytes::from(key), Bytes::from(place));
            tier.remove(&[removal(&place, stamp(3))]).await?;
            let answer = leases.get_or_lease(&key, &ask()).await?;
            let kept = tier.get(std::slice::from_ref(&place)).await?.remove(0);
            assert_eq!(text(&place, kept.as_ref()).as_deref(), Some("†"), "{driver}: {:?}", answer.state);
        }
    }
    Ok(())
}
