use super::{config::WritesConfig, write::Write};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use tokio::time::Instant;

/// What waits to be written: one entry a key, the newest. Bounded by its configuration.
#[derive(Debug, Default)]
pub(super) struct Queue {
    writes: HashMap<Bytes, Write>,
    /// Keys of `writes` that may be sent now, oldest first.
    ready: VecDeque<Bytes>,
    /// Keys of `writes` that failed and wait for their next try.
    later: BTreeMap<(Instant, u64), Bytes>,
    /// Keys whose entries are being sent. They are not sent a second time meanwhile, so that an older entry never overtakes
    /// a newer one.
    in_flight: HashSet<Bytes>,
    /// Keys that failed too often, and until when they are left alone; in the order they were parked.
    parked: VecDeque<(Bytes, Instant)>,
    retries: u64,
    /// Tasks that send.
    pub(super) flushing: usize,
    /// Whether one of them sleeps until the next try is due.
    pub(super) timed: bool,
    /// At shutdown: nothing more is taken in, and nothing waits for its next try.
    pub(super) closed: bool,
}

/// What became of an entry that was to be queued.
#[derive(Debug)]
pub(super) enum Pushed {
    Queued,
    /// This one had to go: the one that was pushed, or another that had failed already.
    Overflow(Write),
    Parked(Write),
    Closed(Write),
}

/// What a task that sends does next.
#[derive(Debug)]
pub(super) enum Next {
    Send(Vec<(Bytes, Write)>),
    Sleep(Instant),
    Nothing,
}

impl Queue {
    pub(super) fn push(
        &mut self,
        key: Bytes,
        mut write: Write,
        now: Instant,
        config: &WritesConfig,
    ) -> Pushed {
        if self.closed {
            return Pushed::Closed(write);
        }
        if write.yields && (self.writes.contains_key(&key) || self.in_flight.contains(&key)) {
            return Pushed::Queued;
        }
        while self.parked.front().is_some_and(|(_, until)| *until <= now) {
            self.parked.pop_front();
        }
        if self.parked.iter().any(|(parked, _)| *parked == key) {
            return Pushed::Parked(write);
        }
        if let Some(older) = self.writes.get_mut(&key) {
            // Whoever waits for the older one is told of the newer, and a tier the older one was meant for gets it as well.
            write.waiting.append(&mut older.waiting);
            write.takes_over(&mut older.tiers, older.waits);
            if let Some(due) = older.due.take() {
                self.later.remove(&due);
                self.ready.push_back(key);
            }
            *older = write;
            return Pushed::Queued;
        }
        let mut overflow = None;
        // A writer that waits is its own bound.
        if self.writes.len() >= config.queued_max && write.waiting.is_empty() {
            let Some((_, last)) = self.later.pop_last() else { return Pushed::Overflow(write) };
            overflow = self.writes.remove(&last);
        }
        self.ready.push_back(key.clone());
        self.writes.insert(key, write);
        overflow.map_or(Pushed::Queued, Pushed::Overflow)
    }

    /// The next batch, or how long to wait for one.
    pub(super) fn next(&mut self, now: Instant, config: &WritesConfig) -> Next {
        while let Some(entry) = self.later.first_entry() {
            if entry.key().0 > now && !self.closed {
                break;
            }
            let key = entry.remove();
            if let Some(write) = self.writes.get_mut(&key) {
                write.due = None;
                self.ready.push_back(key);
            }
        }
        let batch = self.take(config.batch_max);
        if !batch.is_empty() {
            return Next::Send(batch);
        }
        match self.later.first_key_value() {
            Some(((due, _), _)) if !self.timed => {
                self.timed = true;
                Next::Sleep(*due)
            }
            _ => Next::Nothing,
        }
    }

    /// Takes what may be sent. One that failed goes alone: if it is what makes its batches fail, the others are spared.
    fn take(&mut self, max: usize) -> Vec<(Bytes, Write)> {
        let mut batch: Vec<(Bytes, Write)> = Vec::new();
        for _ in 0..self.ready.len() {
            let Some(key) = self.ready.pop_front() else { break };
            if self.in_flight.contains(&key) {
                self.ready.push_back(key);
                continue;
            }
            let failed_before = self.writes.get(&key).is_some_and(|write| write.attempts > 0);
            if failed_before && !batch.is_empty() {
                self.ready.push_front(key);
                break;
            }
            let Some(write) = self.writes.remove(&key) else { continue };
            self.in_flight.insert(key.clone());
            batch.push((key, write));
            if failed_before || batch.len() == max {
                break;
            }
        }
        batch
    }

    /// The entry of this key is no longer being sent.
    pub(super) fn landed(&mut self, key: &Bytes) {
        self.in_flight.remove(key);
    }

    /// Waits until `due` for another try, unless a newer entry does already; or is given back, when there is no room.
    pub(super) fn retry(
        &mut self,
        key: Bytes,
        mut write: Write,
        due: Instant,
        config: &WritesConfig,
    ) -> Option<Write> {
        if let Some(newer) = self.writes.get_mut(&key) {
            newer.takes_over(&mut write.tiers, write.waits);
            return None;
        }
        // Of what was sent past the bound nothing may stay.
        if self.writes.len() >= config.queued_max {
            return Some(write);
        }
        self.retries += 1;
        let due = (due, self.retries);
        write.due = Some(due);
        self.later.insert(due, key.clone());
        self.writes.insert(key, write);
        None
    }

    /// Leaves the key alone until `until`.
    pub(super) fn park(&mut self, key: Bytes, until: Instant, config: &WritesConfig) {
        self.parked.push_back((key, until));
        if self.parked.len() > config.parked_max {
            self.parked.pop_front();
        }
    }

    /// Gives everything up.
    pub(super) fn drain(&mut self) -> Vec<Write> {
        self.ready.clear();
        self.later.clear();
        self.writes.drain().map(|(_, write)| write).collect()
    }

    /// Entries that are being sent.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn len(&self) -> usize {
        self.writes.len()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.writes.is_empty() && self.in_flight.is_empty()
    }
}
