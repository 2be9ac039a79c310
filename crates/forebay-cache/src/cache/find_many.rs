use super::{inner::Inner, remote::FoundRemote};
use crate::{
    CacheKey, Stamp,
    envelope::Entry,
    memory::Verdict,
    namespace::{Claim, Start},
};
use bytes::Bytes;
use std::time::Duration;

/// One of the keys that remote tiers are asked for together.
pub(super) struct Wanted<'a, K> {
    pub(super) key: &'a K,
    pub(super) full_key: &'a Bytes,
    pub(super) start: &'a Start,
    /// Whether what one tier has is put into those above it.
    pub(super) promote: bool,
}

/// One that no tier had so far.
struct Missing {
    at: usize,
    tier_key: Bytes,
    buried_at: Option<Stamp>,
}

/// What a tier had of one, to be trusted or not.
struct Candidate {
    missing: Missing,
    entry: Entry,
    age: Duration,
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// [`Inner::find_remote`] for several keys, in the order asked: one call of each tier for what is still missing, and
    /// one of the sequencer for what that had, if it has to be asked at all.
    pub(super) async fn find_remote_many(&self, wanted: &[Wanted<'_, K>]) -> Vec<Option<FoundRemote<V>>> {
        let mut found: Vec<_> = wanted.iter().map(|_| None).collect();
        let Some(remote) = &self.remote else { return found };
        let trusting = wanted.iter().enumerate().filter(|(_, wanted)| wanted.start.stamp.is_some());
        let mut missing: Vec<Missing> = trusting
            .map(|(at, wanted)| Missing { at, tier_key: self.tier_key(wanted.full_key), buried_at: None })
            .collect();
        for (depth, tier) in self.namespace.tiers().iter().enumerate() {
            if missing.is_empty() {
                break;
            }
            let keys: Vec<Bytes> = missing.iter().map(|missing| missing.tier_key.clone()).collect();
            let stored = tier.get_all(&keys).await;
            let (mut candidates, mut later) = (Vec::new(), Vec::new());
            for (mut missing, stored) in std::mem::take(&mut missing).into_iter().zip(stored) {
                let candidate = stored.and_then(|stored| {
                    self.candidate(remote, &missing.tier_key, &stored, &mut missing.buried_at)
                });
                match candidate {
                    Some((entry, age)) => candidates.push(Candidate { missing, entry, age }),
                    None => later.push(missing),
                }
            }
            let mut promoted = Vec::new();
            for (candidate, trusted) in self.judged(wanted, candidates).await {
                let Candidate { missing, entry, age } = candidate;
                let wanted = &wanted[missing.at];
                let accepted =
                    trusted.then(|| self.accept(remote, wanted.key, &entry, age, wanted.start)).flatten();
                let Some(accepted) = accepted else {
                    later.push(missing);
                    continue;
                };
                if wanted.promote && accepted.verdict == Verdict::Fresh {
                    promoted.push((missing.tier_key, entry, age));
                }
                found[missing.at] = Some(accepted);
            }
            self.promote(remote, promoted, depth);
            missing = later;
        }
        found
    }

    /// Whether each entry may be trusted.
    async fn judged(
        &self,
        wanted: &[Wanted<'_, K>],
        candidates: Vec<Candidate>,
    ) -> impl Iterator<Item = (Candidate, bool)> {
        let claims: Vec<Claim<'_>> = candidates
            .iter()
            .map(|Candidate { missing, entry, .. }| Claim {
                key: wanted[missing.at].full_key,
                stamp: entry.stamp,
                tags: &entry.tags,
            })
            .collect();
        // Patterns first: their numbers mean what they did as long as the judgement finds the chain to be the entry's.
        let hit = |Candidate { missing, entry, .. }: &Candidate| {
            self.is_hit_by_pattern(wanted[missing.at].key, entry.stamp)
        };
        let hit: Vec<bool> = candidates.iter().map(hit).collect();
        let mut trusted = self.namespace.trusts_all(&self.name, &claims).await;
        trusted.iter_mut().zip(hit).for_each(|(trusted, hit)| *trusted &= !hit);
        let distrusted = trusted.iter().filter(|trusted| !**trusted).count();
        self.meters.distrusted.increment(distrusted as u64);
        candidates.into_iter().zip(trusted)
    }
}
