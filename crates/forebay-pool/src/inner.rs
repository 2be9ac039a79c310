//! What all handles of one pool share.

use crate::{
    catalog::Judgement,
    cluster::Cluster,
    counts::Counts,
    election::Leader,
    error::PoolError,
    freshness::WithoutReplica,
    heal::Learned,
    hedging::Hedging,
    lane::{Caller, Lane, Patience},
    lease::Lease,
    listen::Attendant,
    mode::Mode,
    observer::{ObservedValues, QueryObserver},
    pipelined::{PipelinedCounts, Slow},
    routed::{Routed, Routing},
    selector::Selection,
    spans::{self, TracedText},
};
use forebay_scope::Scope;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, task::AbortHandle, time::Instant};

pub(crate) struct Inner {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) selection: Selection,
    pub(crate) observers: Vec<Arc<dyn QueryObserver>>,
    pub(crate) observed_values: ObservedValues,
    pub(crate) traced_text: TracedText,
    pub(crate) counts: Counts,
    pub(crate) learned: Learned,
    /// Judges statements.
    pub(crate) judgement: Arc<Judgement>,
    /// The primary's system identifier: positions of other systems say nothing about this pool.
    pub(crate) system: u64,
    pub(crate) acquire_timeout: Duration,
    pub(crate) cleanup_timeout: Duration,
    pub(crate) lag_max: Duration,
    pub(crate) without_replica: WithoutReplica,
    pub(crate) mode: Mode,
    pub(crate) routing: Routing,
    pub(crate) routed: Routed,
    /// Only where slow reads are asked twice.
    pub(crate) hedging: Option<Hedging>,
    pub(crate) catch_up_wait: Duration,
    pub(crate) serve_behind: bool,
    pub(crate) supervisor: AbortHandle,
    /// What [`crate::Listener`]s need, and how they learn of the end.
    pub(crate) attendant: Attendant,
    pub(crate) closing: watch::Sender<bool>,
    pub(crate) listen_buffer_max: usize,
    pub(crate) bulk_copy_rows_min: usize,
    /// What is too slow for shared sessions.
    pub(crate) slow: Arc<Slow>,
    pub(crate) pipelined: PipelinedCounts,
}

impl Inner {
    /// A session that may write, on the primary. A caller that waits follows when another server becomes it.
    pub(crate) async fn write_lease(&self, caller: Caller) -> Result<Lease, PoolError> {
        let primary = self.cluster.primary();
        // Idle sessions of a server that is not the primary any more are not lent.
        match primary.write.try_take(caller) {
            Some(lease) => Ok(lease),
            // Rare, and larger than the rest of the callers' futures.
            None => Box::pin(self.wait_to_write(caller)).await,
        }
    }

    async fn wait_to_write(&self, caller: Caller) -> Result<Lease, PoolError> {
        let mut now = Instant::now();
        let until = now + self.acquire_timeout;
        let mut news = self.cluster.leader();
        loop {
            let leader: Leader = *news.borrow_and_update();
            let lane = &self.cluster.writable(leader)?.write;
            tokio::select! {
                lease = self.wait(lane, caller, Patience::UntilTimeout, now, until) => return lease,
                Ok(()) = news.changed() => now = Instant::now(),
            }
        }
    }

    /// A session of a lane that has none idle `now`, at the latest at `until`.
    pub(crate) async fn wait(
        &self,
        lane: &Arc<Lane>,
        caller: Caller,
        patience: Patience,
        now: Instant,
        until: Instant,
    ) -> Result<Lease, PoolError> {
        let deadline = Scope::with_current(Scope::deadline).flatten();
        let span = spans::wait(lane, caller);
        let mut lease = lane.take(caller, patience, now, until, deadline).await;
        spans::waited(&span, &lease);
        drop(span);
        let waited = now.elapsed();
        lane.meters.wait.record(waited);
        if let Ok(lease) = &mut lease {
            lease.waited = waited;
        }
        lease
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for lane in self.cluster.lanes() {
            lane.close();
        }
        for server in self.cluster.servers() {
            server.shared.release();
        }
        self.supervisor.abort();
    }
}
