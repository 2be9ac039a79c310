use super::inspector::{InspectError, RedisInspector};
use crate::{
    LivePatterns, Newest, Stamp, Stored, Target, Tier,
    envelope::{EntryHeader, Header},
    explain::{Against, Answer, Check, EntryFound, Explanation, Held, Standing, TierHeld},
    fred10::sequencer::Wanted,
    namespace::goes_on_from,
};
use bytes::{BufMut, Bytes, BytesMut};
use std::time::Duration;

impl RedisInspector {
    /// What Redis holds of a key of a cache, given by its bytes and its [text](crate::CacheKey::text), and what a node that
    /// has it not in memory would make of it. The value itself is not decoded, so its type need not be known; whether a
    /// node's codec can read it is not judged either. The tags of an encrypted entry can be judged with its key only; see
    /// `keyring` (feature `encryption`).
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn explain(&self, cache: &str, key: &[u8], text: &str) -> Result<Explanation, InspectError> {
        let state = self.chain().await?;
        let full_key = joined(&[cache.as_bytes(), key]);
        let tier_key = joined(&[self.namespace().as_bytes(), &full_key]);
        let stored = self.tier.get(std::slice::from_ref(&tier_key)).await?.into_iter().next().flatten();
        let held = match &stored {
            None => Held::Nothing,
            Some(stored) => self.held((cache, text), (&full_key, &tier_key), stored).await?,
        };
        let tier = self.tier.name().to_owned();
        let answer = match held.entry().map(|entry| (entry.standing, entry.ttl_left)) {
            Some((Standing::Fresh, _)) => Answer::Tier(tier.clone()),
            Some((Standing::Sealed, ttl_left)) if ttl_left != Some(Duration::ZERO) => Answer::Unjudged,
            _ => Answer::Loader,
        };
        Ok(Explanation {
            namespace: self.namespace().to_owned(),
            cache: cache.to_owned(),
            key: text.to_owned(),
            answer,
            chain: Some(state.newest),
            loading: false,
            memory: Held::NotAsked,
            tiers: vec![TierHeld { tier, breaker: "unguarded", held }],
        })
    }

    async fn held(
        &self,
        (cache, text): (&str, &str),
        (full_key, tier_key): (&Bytes, &Bytes),
        stored: &Stored,
    ) -> Result<Held, InspectError> {
        let header = match self.form.header(&stored.value, tier_key) {
            Ok(Header::Tombstone(Stamp { epoch, number })) => return Ok(Held::Tombstone { epoch, number }),
            Err(reject) => return Ok(Held::NotUnderstood { why: format!("{reject:?}") }),
            Ok(Header::Entry(header)) => header,
        };
        let newest = self.chain.newest(&self.client, cache, full_key, &header.tags).await?;
        let followed = self.chain.follow(&self.client, Wanted::Patterns).await?;
        let mut checks = checks(&header, &newest, followed.lineage.live());
        checks.extend(pattern_check(&followed.patterns, (cache, text), header.stamp.number));
        let valid = checks.iter().all(|check| check.passed);
        let found = EntryFound::of_header(&header, stored, 0.0, valid);
        // Whatever its tags are, it is over when its time is.
        let good = matches!(found.standing, Standing::Fresh | Standing::Stale | Standing::Fallback);
        let unknown = good && !header.tags_known;
        let standing = if unknown { Standing::Sealed } else { found.standing };
        Ok(Held::Entry(Box::new(EntryFound { standing, checks, ..found })))
    }
}

fn checks(header: &EntryHeader, newest: &Newest, earlier: &[Stamp]) -> Vec<Check> {
    let own = header.stamp;
    if own.epoch != newest.epoch && !goes_on_from(earlier, own) {
        return vec![Check { passed: false, ..Check::passed(Against::Epoch, newest.epoch, true) }];
    }
    let of = |against, number| Check::of(against, number, true, own.number);
    let tags = header.tags.iter().zip(&newest.tags);
    [of(Against::Key, newest.key), of(Against::Floor, newest.floor)]
        .into_iter()
        .chain(tags.map(|(tag, number)| of(Against::Tag(tag.as_str().to_owned()), *number)))
        .collect()
}

/// Holds a number against the patterns that match a key of a cache by its text.
fn pattern_check(live: &LivePatterns, (cache, text): (&str, &str), own: u64) -> Option<Check> {
    if own < live.floor {
        return Some(Check::of(Against::Pattern, live.floor, false, own));
    }
    let hit = |target: &Target| match target {
        Target::Pattern { cache: meant, pattern } => {
            meant.as_deref().is_none_or(|meant| meant == cache) && pattern.matches(text)
        }
        _ => false,
    };
    let newest = live.newest.iter().filter(|(target, _)| hit(target)).map(|(_, number)| *number).max()?;
    Some(Check::of(Against::Pattern, newest, true, own))
}

/// The parts with colons between them.
pub(super) fn joined(parts: &[&[u8]]) -> Bytes {
    let mut key = BytesMut::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            key.put_u8(b':');
        }
        key.put_slice(part);
    }
    key.freeze()
}
