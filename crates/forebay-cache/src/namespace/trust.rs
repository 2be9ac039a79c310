use super::{backplane::Backplane, ledger::Judgement, space::Namespace};
use crate::{
    CacheKey, Question, Stamp,
    guards::{self, Guard},
};
use forebay_scope::Tag;

/// An entry that a remote tier holds, to be judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim<'a> {
    /// `cache:key`.
    pub(crate) key: &'a [u8],
    pub(crate) stamp: Stamp,
    pub(crate) tags: &'a [Tag],
}

impl Namespace {
    /// Whether what is in memory serves only when a load fails, because the backplane is silent.
    pub(crate) fn is_bypassed(&self) -> bool {
        self.0.backplane.as_ref().is_some_and(Backplane::is_bypassed)
    }

    /// Whether an entry that a remote tier holds under `key` was hit by what the key looks like.
    pub(crate) fn hit_by_pattern(&self, (cache, key): (&str, &impl CacheKey), stamp: Stamp) -> bool {
        guards::holds(Guard::Judgement) && self.0.patterns.hit_after(cache, || key.text(), stamp.number)
    }

    /// Whether an entry of `cache` that a remote tier holds under `key` (`cache:key`) may be used, as far as it is not
    /// [hit by a pattern](Self::hit_by_pattern).
    pub(crate) async fn trusts(&self, cache: &str, key: &[u8], stamp: Stamp, tags: &[Tag]) -> bool {
        if !guards::holds(Guard::Judgement) {
            return true;
        }
        // A statement of its own: the lock is not held while waiting.
        let judgement = self.ledger().judge(cache, key, stamp, tags, None);
        match (judgement, &self.0.backplane) {
            (Judgement::Ask { asked_at }, Some(backplane)) => {
                let Some(newest) = backplane.newest(cache, key, tags).await else { return false };
                let mut ledger = self.ledger();
                ledger.learn(cache, tags, &newest, asked_at);
                ledger.judge(cache, key, stamp, tags, Some((&newest, asked_at))) == Judgement::Valid
            }
            (judgement, _) => judgement == Judgement::Valid,
        }
    }

    /// [`Namespace::trusts`] for several entries of `cache`; the sequencer is asked once for all it has to be asked about.
    pub(crate) async fn trusts_all(&self, cache: &str, claims: &[Claim<'_>]) -> Vec<bool> {
        if !guards::holds(Guard::Judgement) {
            return vec![true; claims.len()];
        }
        let (mut trusted, mut unsure, mut asked_at) = (Vec::with_capacity(claims.len()), Vec::new(), 0);
        {
            let mut ledger = self.ledger();
            for (at, Claim { key, stamp, tags }) in claims.iter().enumerate() {
                let judgement = ledger.judge(cache, key, *stamp, tags, None);
                trusted.push(judgement == Judgement::Valid);
                if let Judgement::Ask { asked_at: applied } = judgement {
                    asked_at = applied;
                    unsure.push(at);
                }
            }
        }
        let Some(backplane) = self.0.backplane.as_ref().filter(|_| !unsure.is_empty()) else {
            return trusted;
        };
        let questions: Vec<_> =
            unsure.iter().map(|at| Question { key: claims[*at].key, tags: claims[*at].tags }).collect();
        let Some(answers) = backplane.newest_all(cache, &questions).await else { return trusted };
        let mut ledger = self.ledger();
        for (at, newest) in unsure.into_iter().zip(&answers) {
            let Claim { key, stamp, tags } = claims[at];
            ledger.learn(cache, tags, newest, asked_at);
            trusted[at] = ledger.judge(cache, key, stamp, tags, Some((newest, asked_at))) == Judgement::Valid;
        }
        trusted
    }
}
