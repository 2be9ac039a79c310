use super::{
    faults::{Faults, Step},
    hub::Hub,
};
use crate::{Event, Heard, Invalidation, Mark, Missed, Newest, Question, Sequencer, SequencerError, Tag};
use async_trait::async_trait;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

/// One node's connection to a [`Hub`]: a [`Sequencer`].
#[derive(Debug)]
pub struct Node {
    hub: Arc<Hub>,
    faults: Faults,
    /// What the hub sent and the test has not delivered.
    in_flight: Mutex<VecDeque<Event>>,
    inbox: Mutex<VecDeque<Heard>>,
    arrived: Notify,
    cut: AtomicBool,
    lie: Mutex<Option<Lie>>,
    panics: AtomicBool,
}

/// Something a sequencer must not say: for tests that show what its answers are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// That nothing was missed.
    NothingMissed,
    /// That no key and no tag was ever invalidated.
    NothingInvalidated,
    /// That no key was ever invalidated.
    NoKeyInvalidated,
}

impl Node {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub,
            faults: Faults::default(),
            in_flight: Mutex::default(),
            inbox: Mutex::default(),
            arrived: Notify::new(),
            cut: AtomicBool::new(false),
            lie: Mutex::default(),
            panics: AtomicBool::new(false),
        }
    }

    /// What goes wrong with this node's calls.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Whether this node alone is cut off: its calls fail, and what is sent to it is lost. Back again, it hears that it was
    /// interrupted. Default: no.
    pub fn cut(&self, cut: bool) {
        if self.cut.swap(cut, Ordering::AcqRel) && !cut {
            self.hear(Heard::Interrupted);
        }
    }

    /// Delivers the `index`th message in flight; `false` when there is none. Only with [`Hub::by_hand`] do messages wait.
    pub fn deliver(&self, index: usize) -> bool {
        let Some(event) = lock(&self.in_flight).remove(index) else { return false };
        self.hear(Heard::Event(event));
        true
    }

    /// Delivers everything in flight, in order.
    pub fn deliver_all(&self) {
        while self.deliver(0) {}
    }

    /// Delivers the `index`th message and keeps it in flight.
    pub fn repeat(&self, index: usize) {
        let event = lock(&self.in_flight).get(index).cloned();
        if let Some(event) = event {
            self.hear(Heard::Event(event));
        }
    }

    /// Loses the `index`th message; `false` when there is none.
    pub fn lose(&self, index: usize) -> bool {
        lock(&self.in_flight).remove(index).is_some()
    }

    /// How many messages wait for the test to deliver them.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        lock(&self.in_flight).len()
    }

    /// The backplane gives a sign of life, unless the node is cut off.
    pub fn heartbeat(&self) {
        if !self.is_cut() {
            self.hear(Heard::Alive(self.hub.end()));
        }
    }

    /// The node hears this, whether it is true or not.
    pub fn hear(&self, heard: Heard) {
        lock(&self.inbox).push_back(heard);
        self.arrived.notify_one();
    }

    /// Has it say something that is not so; `None` ends that.
    pub fn lie(&self, lie: impl Into<Option<Lie>>) {
        *lock(&self.lie) = lie.into();
    }

    /// Whoever listens panics, once.
    pub fn panics(&self) {
        self.panics.store(true, Ordering::Relaxed);
        self.arrived.notify_one();
    }

    /// Whether it is cut off.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    pub(super) fn send(&self, event: &Event, by_hand: bool) {
        if self.is_cut() {
            return;
        }
        if by_hand {
            lock(&self.in_flight).push_back(event.clone());
        } else {
            self.hear(Heard::Event(event.clone()));
        }
    }

    /// Passes the faults on the way to the hub.
    async fn reach(&self, step: Step) -> Result<&Hub, SequencerError> {
        let failed = |source| SequencerError { step: step.name(), source };
        self.faults.pass(step).await.map_err(failed)?;
        if self.is_cut() || self.hub.is_offline() {
            return Err(failed("offline".into()));
        }
        Ok(&self.hub)
    }

    /// What it says of the newest numbers: the truth, unless told to lie.
    fn told(&self, truth: Newest) -> Newest {
        match self.lies() {
            Some(Lie::NothingInvalidated) => {
                Newest { floor: 0, key: 0, tags: vec![0; truth.tags.len()], ..truth }
            }
            Some(Lie::NoKeyInvalidated) => Newest { key: truth.floor, ..truth },
            Some(Lie::NothingMissed) | None => truth,
        }
    }

    fn lies(&self) -> Option<Lie> {
        *lock(&self.lie)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Sequencer for Node {
    async fn issue(&self, invalidation: &Invalidation) -> Result<Event, SequencerError> {
        let event = self.reach(Step::Issue).await?.issue(invalidation);
        // Its answer is on its way while others hear of it.
        tokio::task::yield_now().await;
        Ok(event)
    }

    async fn issue_all(&self, invalidations: &[Invalidation]) -> Result<Vec<Event>, SequencerError> {
        let hub = self.reach(Step::Issue).await?;
        let events = invalidations.iter().map(|invalidation| hub.issue(invalidation)).collect();
        tokio::task::yield_now().await;
        Ok(events)
    }

    async fn missed(&self, mark: Option<Mark>) -> Result<Missed, SequencerError> {
        let hub = self.reach(Step::Replay).await?;
        if self.lies() == Some(Lie::NothingMissed) {
            let nothing = hub.missed(None);
            return Ok(Missed { complete: mark.is_some(), ..nothing });
        }
        Ok(hub.missed(mark))
    }

    async fn newest(&self, cache: &str, key: &[u8], tags: &[Tag]) -> Result<Newest, SequencerError> {
        Ok(self.told(self.reach(Step::Newest).await?.newest(cache, key, tags)))
    }

    async fn newest_all(
        &self,
        cache: &str,
        questions: &[Question<'_>],
    ) -> Result<Vec<Newest>, SequencerError> {
        let hub = self.reach(Step::Newest).await?;
        Ok(questions.iter().map(|asked| self.told(hub.newest(cache, asked.key, asked.tags))).collect())
    }

    async fn heard(&self) -> Heard {
        loop {
            assert!(!self.panics.swap(false, Ordering::Relaxed), "told to panic");
            let heard = lock(&self.inbox).pop_front();
            if let Some(heard) = heard {
                return heard;
            }
            self.arrived.notified().await;
        }
    }
}
