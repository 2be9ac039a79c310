use super::{bound::Bound, ledger::Ledger, space::Namespace};
use crate::{
    Newest, Stamp,
    explain::{Against, Check},
};
use bytes::Bytes;
use forebay_scope::Tag;

/// What a node knows of the invalidations that may have hit one entry: copied out, so that looking changes nothing.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) applied: Option<Stamp>,
    /// Whether the entry's stamp counts numbers of this chain.
    pub(super) counts: bool,
    pub(super) key: Bound,
    pub(super) floor: Bound,
    pub(super) tags: Vec<Bound>,
}

impl Evidence {
    /// Whether the sequencer has to be asked about an entry with this number.
    fn is_unsure(&self, number: u64) -> bool {
        [self.key, self.floor].iter().chain(&self.tags).any(|bound| number < bound.number && !bound.exact)
    }

    fn learn(&mut self, newest: &Newest) {
        let told = |bound: &mut Bound, number| {
            if !bound.exact {
                bound.learned(number, bound.number);
            }
        };
        told(&mut self.key, newest.key);
        told(&mut self.floor, newest.floor);
        self.tags.iter_mut().zip(&newest.tags).for_each(|(bound, number)| told(bound, *number));
    }

    fn checks(&self, stamp: Stamp, tags: &[Tag]) -> Vec<Check> {
        let of = |against, bound: Bound| Check::of(against, bound.number, bound.exact, stamp.number);
        let own = [of(Against::Key, self.key), of(Against::Floor, self.floor)];
        let tags = tags.iter().zip(&self.tags);
        own.into_iter()
            .chain(tags.map(|(tag, bound)| of(Against::Tag(tag.as_str().to_owned()), *bound)))
            .collect()
    }
}

impl Namespace {
    /// Where the node stands in the chain, if remote tiers may be trusted.
    pub(crate) fn trusted_stamp(&self) -> Option<Stamp> {
        let cut_off = self.0.backplane.as_ref().is_some_and(super::backplane::Backplane::is_cut_off);
        self.ledger().stamp().filter(|_| !cut_off)
    }

    /// Holds an entry of `cache` that a remote tier has under `key` (`cache:key`) against what was invalidated.
    /// Asks the sequencer where this node does not know, and keeps nothing of its answer.
    pub(crate) async fn checks(
        &self,
        (cache, text): (&str, &str),
        key: &Bytes,
        stamp: Stamp,
        tags: &[Tag],
    ) -> Vec<Check> {
        let mut evidence = self.ledger().evidence(cache, key, stamp, tags);
        let Some(applied) = evidence.applied else {
            return vec![Check::failed(Against::Sequencer)];
        };
        if !evidence.counts {
            return vec![Check { passed: false, ..Check::passed(Against::Epoch, applied.epoch, true) }];
        }
        if evidence.is_unsure(stamp.number) {
            let newest = match &self.0.backplane {
                Some(backplane) => backplane.newest(cache, key, tags).await,
                None => None,
            };
            match newest.filter(|newest| newest.epoch == applied.epoch) {
                Some(newest) => evidence.learn(&newest),
                None => {
                    let mut checks = evidence.checks(stamp, tags);
                    checks.push(Check::failed(Against::Sequencer));
                    return checks;
                }
            }
        }
        let mut checks = evidence.checks(stamp, tags);
        let (_, number) = self.0.patterns.newest(cache, || text.into());
        checks.extend((number > 0).then(|| Check::of(Against::Pattern, number, true, stamp.number)));
        checks
    }

    /// Holds an entry in memory, which no pattern hit up to `since` of this node's count, against the patterns its key's
    /// text matches, if there are any.
    pub(crate) fn pattern_check(&self, (cache, text): (&str, &str), since: u64) -> Option<Check> {
        let (newest, _) = self.0.patterns.newest(cache, || text.into());
        (newest > 0).then(|| Check::of(Against::Pattern, newest, true, since))
    }

    /// Holds an entry in memory, whose load began at `change` of this node's count, against its tags.
    pub(crate) fn tag_checks(&self, change: u64, tags: &[Tag]) -> Vec<Check> {
        let ledger = self.ledger();
        let check = |tag: &Tag| {
            Check::of(Against::Tag(tag.as_str().to_owned()), ledger.newest_change(tag), true, change)
        };
        tags.iter().map(check).collect()
    }
}

impl Ledger {
    fn evidence(&self, cache: &str, key: &[u8], stamp: Stamp, tags: &[Tag]) -> Evidence {
        Evidence {
            applied: self.stamp(),
            counts: self.chain.counts(stamp),
            key: self.key_bound(key),
            floor: self.floor_bound(cache),
            tags: tags.iter().map(|tag| self.tag_bound(tag)).collect(),
        }
    }
}
