use super::faults::{Faults, Step};
use crate::{Fill, Outcome, Removal, Stored, Tier, TierError};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A tier that goes wrong when it is told to: any other one, with [`Faults`] in front of it. It leases no keys, whatever the
/// other one does.
#[derive(Debug)]
pub struct FaultyTier {
    tier: Arc<dyn Tier>,
    faults: Faults,
    losing: AtomicBool,
}

impl FaultyTier {
    /// Puts faults in front of `tier`; there are none yet.
    #[must_use]
    pub fn new(tier: Arc<dyn Tier>) -> Arc<Self> {
        Arc::new(Self { tier, faults: Faults::default(), losing: AtomicBool::new(false) })
    }

    /// What goes wrong.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Whether fills and tombstones are confirmed and thrown away, as by a server that loses its last second. Default: no.
    pub fn lose_writes(&self, losing: bool) {
        self.losing.store(losing, Ordering::Relaxed);
    }

    async fn pass(&self, step: Step) -> Result<(), TierError> {
        self.faults.pass(step).await.map_err(|source| TierError { tier: "faulty", step: step.name(), source })
    }

    fn loses(&self) -> bool {
        self.losing.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Tier for FaultyTier {
    fn name(&self) -> &str {
        self.tier.name()
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        self.pass(Step::Get).await?;
        self.tier.get(keys).await
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        self.pass(Step::Put).await?;
        if self.loses() {
            return Ok(vec![Outcome::Stored; fills.len()]);
        }
        self.tier.put(fills).await
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        self.pass(Step::Remove).await?;
        if self.loses() {
            return Ok(());
        }
        self.tier.remove(removals).await
    }
}
