use super::outbox::Outbox;
use crate::{
    Event, Invalidation, Mark, Missed, Newest, Question, Sequencer, SequencerError,
    guards::{self, Guard},
};
use forebay_scope::Tag;
use forebay_traffic::{Breaker, State};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
    time::Instant,
};

/// A namespace's way to its sequencer, and what waits for it.
#[derive(Debug)]
pub(super) struct Backplane {
    pub(super) sequencer: Arc<dyn Sequencer>,
    deadline: Duration,
    /// The same for questions of readers, who have a breaker in front of them as well.
    read_deadline: Duration,
    read_breaker: Breaker,
    /// How long nothing may be heard before something is done about it.
    pub(super) silence_max: Duration,
    /// Whether that is to leave memory alone until something is heard again.
    bypass: bool,
    outbox: Mutex<Outbox>,
    /// Whether `outbox` holds anything; set before the invalidation in it is acknowledged.
    queued: AtomicBool,
    /// Whether nothing was heard for longer than `silence_max`.
    silent: AtomicBool,
    /// Whether the namespace was shut down, so that nobody listens any more.
    ended: AtomicBool,
    /// Whether the chain did not fit to what was heard, so that the follower has to ask.
    pub(super) broken: AtomicBool,
    /// Wakes the follower.
    pub(super) work: Arc<Notify>,
    /// Whether the node has joined the chain.
    pub(super) joined: watch::Sender<bool>,
    pub(super) follower: Mutex<Option<AbortHandle>>,
    /// When something was last heard, an interruption excepted.
    heard_at: Mutex<Option<Instant>>,
}

/// Invalidations that waited and are sent in one call, before the backplane is listened to again.
const SENT_AT_ONCE: usize = 64;

/// What bounds a backplane.
#[derive(Debug, Clone, Copy)]
pub(super) struct BackplaneLimits {
    pub(super) deadline: Duration,
    pub(super) read_deadline: Duration,
    pub(super) silence_max: Duration,
    pub(super) bypass: bool,
    pub(super) queue_max: usize,
}

impl Backplane {
    pub(super) fn new(sequencer: Arc<dyn Sequencer>, limits: BackplaneLimits, read_breaker: Breaker) -> Self {
        let BackplaneLimits { deadline, read_deadline, silence_max, bypass, queue_max } = limits;
        Self {
            sequencer,
            deadline,
            read_deadline,
            read_breaker,
            silence_max,
            bypass,
            outbox: Mutex::new(Outbox::new(queue_max)),
            queued: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            work: Arc::new(Notify::new()),
            joined: watch::Sender::new(false),
            follower: Mutex::default(),
            heard_at: Mutex::default(),
        }
    }

    /// How many wait.
    pub(super) fn queued(&self) -> u64 {
        self.outbox().len() as u64
    }

    /// A sign of life came.
    pub(super) fn alive(&self) {
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago the last sign of life came.
    pub(super) fn heard_ago(&self) -> Option<Duration> {
        self.heard_at.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }

    /// What the breaker in front of questions does now.
    pub(super) fn read_state(&self) -> State {
        self.read_breaker.state()
    }

    /// Whether what remote tiers hold cannot be judged: invalidations of this node wait for a number, or nothing was heard of
    /// those of others for too long, or will be.
    pub(super) fn is_cut_off(&self) -> bool {
        (self.has_queued() && guards::holds(Guard::Queued))
            || (self.silent.load(Ordering::Acquire) && guards::holds(Guard::SilentTiers))
            || self.ended.load(Ordering::Acquire)
    }

    /// Whether what is in memory may not serve, because it is silent.
    pub(super) fn is_bypassed(&self) -> bool {
        self.bypass && self.silent.load(Ordering::Acquire)
    }

    /// Whether invalidations of this node wait for a number.
    pub(super) fn has_queued(&self) -> bool {
        self.queued.load(Ordering::Acquire)
    }

    /// Nothing was heard for too long, or something was again; whether that is news.
    pub(super) fn silent(&self, silent: bool) -> bool {
        self.silent.swap(silent, Ordering::AcqRel) != silent
    }

    /// Ends following.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        let follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(follower) = follower {
            follower.abort();
        }
    }

    /// Queues an invalidation; returns how many wait.
    pub(super) fn queue(&self, invalidation: Invalidation) -> usize {
        let mut outbox = self.outbox();
        outbox.push(invalidation);
        self.queued.store(true, Ordering::Release);
        outbox.len()
    }

    /// The oldest that wait, and the last one's number in the queue.
    pub(super) fn next_queued(&self) -> (u64, Vec<Invalidation>) {
        self.outbox().next(SENT_AT_ONCE)
    }

    /// What waited has its numbers, up to the one with this number in the queue; returns how many still wait.
    pub(super) fn sent(&self, last: u64) -> usize {
        let mut outbox = self.outbox();
        outbox.sent(last);
        self.queued.store(outbox.len() > 0, Ordering::Release);
        outbox.len()
    }

    pub(super) async fn issue(&self, invalidation: &Invalidation) -> Option<Event> {
        self.bounded(self.deadline, self.sequencer.issue(invalidation)).await
    }

    pub(super) async fn issue_all(&self, invalidations: &[Invalidation]) -> Option<Vec<Event>> {
        let events = self.bounded(self.deadline, self.sequencer.issue_all(invalidations)).await?;
        (events.len() == invalidations.len()).then_some(events)
    }

    pub(super) async fn missed(&self, mark: Option<Mark>) -> Option<Missed> {
        let mut missed = self.bounded(self.deadline, self.sequencer.missed(mark)).await?;
        if !guards::holds(Guard::Replay) {
            missed.events.clear();
        }
        missed.complete |= mark.is_some() && !guards::holds(Guard::Suspicion);
        Some(missed)
    }

    pub(super) async fn newest(&self, cache: &str, key: &[u8], tags: &[Tag]) -> Option<Newest> {
        let permit = self.read_breaker.permit().ok()?;
        let newest = self.bounded(self.read_deadline, self.sequencer.newest(cache, key, tags)).await;
        match newest {
            Some(_) => permit.succeeded(),
            None => permit.failed(),
        }
        newest
    }

    pub(super) async fn newest_all(&self, cache: &str, questions: &[Question<'_>]) -> Option<Vec<Newest>> {
        let permit = self.read_breaker.permit().ok()?;
        let newest = self.bounded(self.read_deadline, self.sequencer.newest_all(cache, questions)).await;
        match newest {
            Some(_) => permit.succeeded(),
            None => permit.failed(),
        }
        newest.filter(|newest| newest.len() == questions.len())
    }

    async fn bounded<T>(
        &self,
        deadline: Duration,
        call: impl Future<Output = Result<T, SequencerError>>,
    ) -> Option<T> {
        match tokio::time::timeout(deadline, call).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::debug!(%error, source = &*error.source, "the sequencer failed");
                None
            }
            Err(_elapsed) => {
                tracing::debug!("the sequencer did not answer in time");
                None
            }
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Backplane {
    fn drop(&mut self) {
        self.end();
    }
}
