use super::faults::{Faults, Step};
use crate::{Event, Heard, Invalidation, Mark, Missed, Newest, Question, Sequencer, SequencerError, Tag};
use async_trait::async_trait;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A sequencer that goes wrong when it is told to: any other one, with [`Faults`] in front of it and a bus that loses,
/// repeats and reorders what is heard.
#[derive(Debug)]
pub struct FaultySequencer {
    sequencer: Arc<dyn Sequencer>,
    faults: Faults,
    bus: Mutex<Bus>,
}

#[derive(Debug, Default)]
struct Bus {
    /// To be heard next.
    ready: VecDeque<Heard>,
    /// To be heard after the one that comes next.
    held: Option<Heard>,
    drop: u64,
    repeat: u64,
    swap: u64,
}

impl FaultySequencer {
    /// Puts faults in front of `sequencer`; there are none yet.
    #[must_use]
    pub fn new(sequencer: Arc<dyn Sequencer>) -> Arc<Self> {
        Arc::new(Self { sequencer, faults: Faults::default(), bus: Mutex::default() })
    }

    /// What goes wrong with its calls.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The next `messages` from the backplane are not heard.
    pub fn drop_next(&self, messages: u64) {
        self.bus().drop = messages;
    }

    /// The next `messages` from the backplane are heard twice.
    pub fn repeat_next(&self, messages: u64) {
        self.bus().repeat = messages;
    }

    /// Each of the next `messages` from the backplane is heard after the one that follows it.
    pub fn swap_next(&self, messages: u64) {
        self.bus().swap = messages;
    }

    async fn pass(&self, step: Step) -> Result<(), SequencerError> {
        self.faults.pass(step).await.map_err(|source| SequencerError { step: step.name(), source })
    }

    fn bus(&self) -> MutexGuard<'_, Bus> {
        self.bus.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bus {
    fn take(&mut self, heard: Heard) {
        if spend(&mut self.drop) {
            return;
        }
        if self.held.is_none() && spend(&mut self.swap) {
            self.held = Some(heard);
            return;
        }
        if spend(&mut self.repeat) {
            self.ready.push_back(heard.clone());
        }
        self.ready.push_back(heard);
        self.ready.extend(self.held.take());
    }
}

fn spend(left: &mut u64) -> bool {
    let any = *left > 0;
    *left -= u64::from(any);
    any
}

#[async_trait]
impl Sequencer for FaultySequencer {
    async fn issue(&self, invalidation: &Invalidation) -> Result<Event, SequencerError> {
        self.pass(Step::Issue).await?;
        self.sequencer.issue(invalidation).await
    }

    async fn issue_all(&self, invalidations: &[Invalidation]) -> Result<Vec<Event>, SequencerError> {
        self.pass(Step::Issue).await?;
        self.sequencer.issue_all(invalidations).await
    }

    async fn missed(&self, mark: Option<Mark>) -> Result<Missed, SequencerError> {
        self.pass(Step::Replay).await?;
        self.sequencer.missed(mark).await
    }

    async fn newest(&self, cache: &str, key: &[u8], tags: &[Tag]) -> Result<Newest, SequencerError> {
        self.pass(Step::Newest).await?;
        self.sequencer.newest(cache, key, tags).await
    }

    async fn newest_all(
        &self,
        cache: &str,
        questions: &[Question<'_>],
    ) -> Result<Vec<Newest>, SequencerError> {
        self.pass(Step::Newest).await?;
        self.sequencer.newest_all(cache, questions).await
    }

    async fn heard(&self) -> Heard {
        loop {
            if let Some(heard) = self.bus().ready.pop_front() {
                return heard;
            }
            // Nothing is lost when this is dropped: what it gives is kept before anything else is waited for.
            let heard = self.sequencer.heard().await;
            self.bus().take(heard);
        }
    }
}
