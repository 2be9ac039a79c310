use super::{
    Write, WritesConfig, Written,
    metrics::WriteMeters,
    queue::{Next, Pushed, Queue},
    write::Envelope,
};
use crate::{Fill, GuardedTier, Outcome, tally::Tally, tasks::Tasks, tiers::NoAnswer};
use bytes::Bytes;
use forebay_metrics::Meter;
use futures_util::future::join_all;
use metrics::Counter;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// The writes of one cache, and the tasks that carry them out. There are none while nothing waits.
pub(crate) struct Writes {
    shared: Arc<Shared>,
    /// Bounded by [`WritesConfig::batches_max`].
    tasks: Tasks,
}

struct Shared {
    cache: Box<str>,
    config: WritesConfig,
    tiers: Box<[GuardedTier]>,
    envelope: Envelope,
    meters: WriteMeters,
    /// Counts every entry that does not get to a tier it was meant for.
    unfilled: Arc<Tally>,
    queue: Mutex<Queue>,
    /// Wakes the task that sleeps until a try is due.
    wake: Notify,
    /// Notified when nothing waits or is under way.
    idle: Notify,
}

impl Writes {
    pub(crate) fn new(
        cache: &str,
        config: WritesConfig,
        tiers: &[GuardedTier],
        envelope: Envelope,
        unfilled: Arc<Tally>,
        meter: &Meter,
    ) -> Self {
        let shared = Shared {
            cache: cache.into(),
            config,
            tiers: tiers.into(),
            meters: WriteMeters::new(meter, cache),
            envelope,
            unfilled,
            queue: Mutex::default(),
            wake: Notify::new(),
            idle: Notify::new(),
        };
        Self { shared: Arc::new(shared), tasks: Tasks::new(usize::MAX) }
    }

    /// Queues entries, each in place of an older one of its key that waits.
    pub(crate) fn push(&self, writes: Vec<(Bytes, Write)>) {
        let shared = &self.shared;
        let mut left = Vec::new();
        let another = {
            let (mut queue, now) = (shared.lock(), Instant::now());
            for (key, write) in writes {
                match queue.push(key, write, now, &shared.config) {
                    Pushed::Queued => {}
                    Pushed::Overflow(write) => left.push((write, &shared.meters.overflow)),
                    Pushed::Parked(write) => left.push((write, &shared.meters.parked)),
                    Pushed::Closed(write) => left.push((write, &shared.meters.abandoned)),
                }
            }
            shared.meters.waiting.set(queue.len() as f64);
            let another = queue.flushing < shared.config.batches_max && queue.len() > 0;
            queue.flushing += usize::from(another);
            another
        };
        if another {
            self.flush();
        }
        shared.wake.notify_one();
        for (write, why) in left {
            shared.give_up(write, why);
        }
    }

    /// An entry is not made for any tier: all are left alone.
    pub(crate) fn skip(&self) {
        self.shared.meters.skipped.increment(1);
        self.shared.unfilled.increment(1);
    }

    fn flush(&self) {
        let flusher = Flusher { shared: self.shared.clone(), counted: true };
        self.tasks.spawn(flusher.run());
    }

    /// Sends what waits, within [`WritesConfig::drain_max`], and takes nothing more.
    pub(crate) async fn shutdown(&self) {
        let shared = &self.shared;
        let another = {
            let mut queue = shared.lock();
            queue.closed = true;
            let another = queue.flushing == 0 && queue.len() > 0;
            queue.flushing += usize::from(another);
            another
        };
        if another {
            self.flush();
        }
        shared.wake.notify_one();
        let idle = async {
            loop {
                let idle = shared.idle.notified();
                if shared.lock().is_idle() {
                    return;
                }
                idle.await;
            }
        };
        let drained = tokio::time::timeout(shared.config.drain_max, idle).await.is_ok();
        let (left, in_flight) = {
            let mut queue = shared.lock();
            (queue.drain(), queue.in_flight())
        };
        self.tasks.abort().await;
        let abandoned = left.len() + in_flight;
        for write in left {
            shared.give_up(write, &shared.meters.abandoned);
        }
        shared.meters.abandoned.increment(in_flight as u64);
        shared.unfilled.increment(in_flight as u64);
        shared.meters.waiting.set(0.0);
        if !drained {
            tracing::warn!(cache = %shared.cache, abandoned, "shut down before every entry was written to the remote tiers");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an entry that does not get to its tiers, and tells those who wait for it.
    fn give_up(&self, mut write: Write, why: &Counter) {
        why.increment(1);
        self.unfilled.increment(1);
        write.tell(Written { tiers: write.tiers.len(), ..Written::default() });
    }

    /// Sends a batch to every tier it is meant for.
    async fn send(&self, mut batch: Batch<'_>) {
        let now = Instant::now();
        let mut sent: Vec<Outbound> =
            batch.writes.drain(..).filter_map(|(key, write)| self.outbound(key, write, now)).collect();
        if sent.is_empty() {
            return;
        }
        self.meters.batches.increment(u64::from(sent.iter().any(|outbound| !outbound.fills.is_empty())));
        let answers = join_all(self.tiers.iter().enumerate().map(|(place, tier)| {
            let fills: Vec<Fill> = sent.iter_mut().filter_map(|outbound| outbound.take(place)).collect();
            async move { if fills.is_empty() { Ok(Vec::new()) } else { tier.put(&fills).await } }
        }))
        .await;
        let mut answers: Vec<_> =
            answers.into_iter().map(|answer| answer.map(std::iter::IntoIterator::into_iter)).collect();
        for outbound in sent {
            self.settle(outbound, &mut answers);
        }
    }

    /// What is put into each tier that is not left alone; `None` for an entry that is not sent any more. Tiers that keep
    /// entries for the same part of their time get the same envelope.
    fn outbound(&self, key: Bytes, mut write: Write, now: Instant) -> Option<Outbound> {
        if write.until <= now {
            self.give_up(write, &self.meters.expired);
            return None;
        }
        let left_alone: Vec<usize> =
            write.tiers.iter().copied().filter(|place| self.tiers[*place].left_alone().is_some()).collect();
        if left_alone.len() == write.tiers.len() {
            return Some(Outbound { key, write, fills: Vec::new(), left_alone });
        }
        // What cannot be encoded was counted where that was found out.
        let Some(entry) = (write.make)() else {
            write.tell(Written { tiers: write.tiers.len(), ..Written::default() });
            return None;
        };
        if entry.keep.is_some_and(|keep| keep.is_zero()) {
            self.give_up(write, &self.meters.expired);
            return None;
        }
        let mut fills: Vec<(usize, f64, Fill)> = Vec::with_capacity(write.tiers.len());
        for place in write.tiers.iter().filter(|place| !left_alone.contains(place)) {
            let scale = self.tiers[*place].keep_scale();
            let same = fills.iter().find(|(_, of, _)| of.to_bits() == scale.to_bits());
            let same = same.map(|(_, _, fill)| fill.clone());
            let Some(fill) = same.or_else(|| (self.envelope)(&key, &entry, scale)) else {
                self.unfilled.increment(1);
                write.tell(Written { tiers: write.tiers.len(), ..Written::default() });
                return None;
            };
            fills.push((*place, scale, fill));
        }
        Some(Outbound { key, write, fills, left_alone })
    }

    /// Judges what the tiers said of one entry; each tier's outcomes come in the order of the batch.
    fn settle(&self, outbound: Outbound, answers: &mut [Result<std::vec::IntoIter<Outcome>, NoAnswer>]) {
        let Outbound { key, mut write, left_alone, .. } = outbound;
        let mut written = Written { tiers: write.tiers.len(), ..Written::default() };
        let (mut failed, mut skipped, waits) = (false, 0, write.waits);
        write.tiers.retain(|place| {
            let answer = match &mut answers[*place] {
                _ if left_alone.contains(place) => Err(NoAnswer::NotAsked),
                Ok(outcomes) => Ok(outcomes.next()),
                Err(why) => Err(*why),
            };
            match answer {
                Ok(Some(Outcome::Stored)) => written.stored += 1,
                Ok(Some(Outcome::Refused)) => written.refused += 1,
                // Larger than the tier takes: it never will.
                Ok(Some(Outcome::Skipped) | None) => {}
                Err(NoAnswer::Failed) => failed = true,
                Err(NoAnswer::NotAsked) => skipped += usize::from(!waits),
            }
            answer == Err(NoAnswer::Failed) || (waits && answer == Err(NoAnswer::NotAsked))
        });
        write.tell(written);
        if write.tiers.is_empty() {
            let why = if skipped == written.tiers { &self.meters.skipped } else { &self.meters.done };
            why.increment(1);
            self.unfilled.increment(u64::from(skipped > 0));
            return;
        }
        write.attempts += u32::from(failed);
        let now = Instant::now();
        let mut queue = self.lock();
        if write.attempts >= self.config.attempts_max {
            queue.park(key, now + self.config.park_for, &self.config);
            drop(queue);
            self.give_up(write, &self.meters.parked);
            tracing::warn!(cache = %self.cache, "an entry could not be written to a remote tier and is parked");
        } else if queue.closed && !failed {
            drop(queue);
            self.give_up(write, &self.meters.abandoned);
        } else {
            let due = now + self.delay(&write);
            let overflow = queue.retry(key, write, due, &self.config);
            drop(queue);
            match overflow {
                Some(write) => self.give_up(write, &self.meters.overflow),
                None => self.meters.retried.increment(1),
            }
        }
    }

    /// How long it waits for its next try: no shorter than every tier is left alone.
    fn delay(&self, write: &Write) -> Duration {
        let left_alone = write.tiers.iter().map(|place| self.tiers[*place].left_alone().unwrap_or_default());
        let asked_in = left_alone.min().unwrap_or_default();
        self.config.delay(write.attempts.max(1)).max(asked_in.min(self.config.retry_delay_max))
    }
}

/// An entry as it is sent to each tier.
struct Outbound {
    key: Bytes,
    write: Write,
    /// Places of tiers that are not asked now.
    left_alone: Vec<usize>,
    /// Place and scale of a tier, and what is put there.
    fills: Vec<(usize, f64, Fill)>,
}

impl Outbound {
    fn take(&mut self, place: usize) -> Option<Fill> {
        let at = self.fills.iter().position(|(of, ..)| *of == place)?;
        Some(self.fills.swap_remove(at).2)
    }
}

/// A task that sends batches until nothing is left for it.
struct Flusher {
    shared: Arc<Shared>,
    /// Whether it is among [`Queue::flushing`] still.
    counted: bool,
}

impl Flusher {
    async fn run(mut self) {
        let shared = &*self.shared;
        loop {
            let next = {
                let mut queue = shared.lock();
                let next = queue.next(Instant::now(), &shared.config);
                if matches!(next, Next::Nothing) {
                    // Under the same lock: what is pushed from here on starts another task.
                    self.counted = false;
                    leave(shared, &mut queue);
                }
                shared.meters.waiting.set(queue.len() as f64);
                next
            };
            match next {
                Next::Send(writes) => {
                    let keys = writes.iter().map(|(key, _)| key.clone()).collect();
                    shared.send(Batch { shared, keys, writes }).await;
                }
                Next::Sleep(due) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(due) => {}
                        () = shared.wake.notified() => {}
                    }
                    shared.lock().timed = false;
                }
                Next::Nothing => return,
            }
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        if self.counted {
            leave(&self.shared, &mut self.shared.lock());
        }
    }
}

fn leave(shared: &Shared, queue: &mut Queue) {
    queue.flushing -= 1;
    if queue.is_idle() {
        shared.idle.notify_waiters();
    }
}

/// Entries being sent. Dropped when they were, and when a tier panicked: their keys may then be sent again.
struct Batch<'a> {
    shared: &'a Shared,
    keys: Vec<Bytes>,
    writes: Vec<(Bytes, Write)>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        for key in &self.keys {
            queue.landed(key);
        }
    }
}
