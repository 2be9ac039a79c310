use super::space::Namespace;
use crate::{NamespaceStatus, cache::breaker_state};

impl Namespace {
    /// How the namespace does on this node: its place in the chain, its queues, its tiers and caches. From what is known
    /// already, without I/O.
    #[must_use]
    pub fn status(&self) -> NamespaceStatus {
        let (inner, meters) = (&*self.0, &self.0.meters);
        let chain = self.ledger().chain.applied().map(|mark| mark.stamp);
        let backplane = inner.backplane.as_ref();
        let mut tiers: Vec<_> = inner.tiers.iter().map(crate::GuardedTier::stats).collect();
        for (tier, owed) in tiers.iter_mut().zip(inner.tombstones.owed()) {
            tier.tombstones_owed = owed;
        }
        let mut caches: Vec<_> = self.every_member().iter().map(|member| member.stats()).collect();
        caches.sort_by(|a, b| a.cache.cmp(&b.cache));
        NamespaceStatus {
            namespace: inner.name.to_string(),
            chain,
            trusts_tiers: self.trusted_stamp().is_some(),
            heard_ago: backplane.and_then(super::backplane::Backplane::heard_ago),
            queued: backplane.map_or(0, super::backplane::Backplane::queued),
            sequencer_breaker: backplane.map(|backplane| breaker_state(backplane.read_state())),
            numbered: meters.numbered.total(),
            postponed: meters.postponed.total(),
            heard: meters.heard.total(),
            gaps: meters.gaps.total(),
            replays: meters.replays_complete.total(),
            replays_incomplete: meters.replays_incomplete.total(),
            replays_failed: meters.replays_failed.total(),
            suspected: meters.suspected.total(),
            tiers,
            caches,
        }
    }
}
