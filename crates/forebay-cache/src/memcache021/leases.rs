use super::{
    key::wire_key,
    settle::{CONFLICTS_MAX, Settled, if_unchanged, settle},
    tier::{MemcachedTier, failed, read, seconds_up, stored},
};
use crate::{
    LeaseAnswer, LeaseAsk, LeaseState, LeaseTier, LeaseToken, Stored, TierError,
    envelope::{stamp_of, tombstone},
    lease::hint,
};
use async_trait::async_trait;
use bytes::Bytes;
use memcache::exp::{Get, GetResult, Meta, Set, Ttl};
use std::time::Duration;

/// What a lease that was given back is replaced by, for a second: anyone may take it.
const FREE: &[u8] = b"-";

#[async_trait]
impl LeaseTier for MemcachedTier {
    async fn get_or_lease(&self, key: &Bytes, ask: &LeaseAsk) -> Result<LeaseAnswer, TierError> {
        let client = self.client().await?;
        let place = lease_key(key);
        let mut answer = LeaseAnswer { stored: None, state: LeaseState::Unavailable };
        for _ in 0..CONFLICTS_MAX {
            let reads = [read(key), Get::new(&place).meta(Meta::NONE.cas())];
            let mut read_both = client.run_many(reads).await.map_err(failed("lease"))?;
            let held = read_both.pop();
            let entry = read_both.pop().transpose().map_err(failed("lease"))?;
            answer.stored = entry.and_then(stored);
            if !has_to_be_loaded(key, answer.stored.as_ref(), ask) {
                return Ok(LeaseAnswer { state: LeaseState::NotNeeded, ..answer });
            }
            // Where the lease would be on a server that is away, the entry may be on one that is not.
            let Some(Ok(held)) = held else { return Ok(answer) };
            if let Some(state) = refusal(held.value.as_deref(), ask) {
                return Ok(LeaseAnswer { state, ..answer });
            }
            let take = Set::new(&place, held_by(ask.token)).ttl(Ttl::secs(seconds_up(ask.hold)));
            let taken = client.run(if_unchanged(take, &held)).await.map_err(failed("lease"))?;
            if taken.applied() {
                // The one before may have stored it since it was read.
                answer.stored = stored(client.run(read(key)).await.map_err(failed("lease"))?);
                return Ok(LeaseAnswer { state: LeaseState::Granted, ..answer });
            }
        }
        Ok(answer)
    }

    async fn renew(&self, key: &Bytes, token: LeaseToken, hold: Duration) -> Result<bool, TierError> {
        self.replace_own(key, token, &held_by(token), seconds_up(hold)).await
    }

    async fn release(
        &self,
        key: &Bytes,
        token: LeaseToken,
        failure: Option<(&str, Duration)>,
    ) -> Result<(), TierError> {
        let _was_its_own = match failure {
            Some((why, keep)) => {
                let why = [b"E", &token.to_bytes()[..], hint(why).as_bytes()].concat();
                self.replace_own(key, token, &why, seconds_up(keep)).await?
            }
            None => self.replace_own(key, token, FREE, 1).await?,
        };
        Ok(())
    }
}

impl MemcachedTier {
    /// Replaces a lease for that many seconds, if it is still the caller's.
    async fn replace_own(
        &self,
        key: &[u8],
        token: LeaseToken,
        by: &[u8],
        seconds: u32,
    ) -> Result<bool, TierError> {
        let (place, own) = (lease_key(key), held_by(token));
        let replace = |_: usize, held: &GetResult| {
            let is_own = held.value.as_deref() == Some(&own);
            is_own.then(|| Set::new(&place, by).ttl(Ttl::secs(seconds)))
        };
        let settled = settle(self.client().await?, &[&place], replace).await.map_err(failed("lease"))?;
        Ok(settled == [Settled::Written])
    }
}

/// What an entry is made of again: nothing, a tombstone, or one that has been kept for its time.
fn has_to_be_loaded(key: &[u8], stored: Option<&Stored>, ask: &LeaseAsk) -> bool {
    let is_tombstone = |value: &Bytes| stamp_of(value).is_some_and(|stamp| *value == tombstone(key, stamp));
    let lasts = |stored: &Stored| stored.remaining.is_none_or(|left| left > ask.stale_within);
    ask.always || stored.is_none_or(|stored| is_tombstone(&stored.value) || !lasts(stored))
}

/// Why a lease is not to be had, by what is in its place; `None` when it is.
fn refusal(held: Option<&[u8]>, ask: &LeaseAsk) -> Option<LeaseState> {
    let held = held.filter(|held| *held != FREE)?;
    let (kind, rest) = held.split_first().unwrap_or((&0, &[]));
    let (token, why) = rest.split_at_checked(8).unwrap_or_default();
    match (kind, LeaseToken::from_bytes(token)) {
        (b'L', Some(holder)) => (holder != ask.token).then_some(LeaseState::Held(holder)),
        (b'E', Some(failed)) => {
            let failure = || LeaseState::Failed(String::from_utf8_lossy(why).into());
            (ask.waited_for == Some(failed)).then(failure)
        }
        _ => Some(LeaseState::Unavailable),
    }
}

/// What the place of a lease holds that is this one's.
fn held_by(token: LeaseToken) -> Vec<u8> {
    [b"L", &token.to_bytes()[..]].concat()
}

/// The place of a key's lease: named as in Redis.
fn lease_key(key: &[u8]) -> Vec<u8> {
    wire_key(&[b"{", key, b"}:lease"].concat()).into_owned()
}
