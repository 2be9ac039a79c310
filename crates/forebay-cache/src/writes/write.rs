use super::Written;
use crate::{Fill, envelope::Entry};
use bytes::Bytes;
use std::fmt;
use tokio::{sync::oneshot, time::Instant};

/// Makes an entry when it is sent, so that its age is true then; `None` when it cannot be sent, or need not any more.
pub(crate) type Make = Box<dyn Fn() -> Option<Entry> + Send + Sync>;

/// What is put into a tier for a key and its entry, which is kept there for a part of its time; `None` when that cannot be.
pub(crate) type Envelope = Box<dyn Fn(&Bytes, &Entry, f64) -> Option<Fill> + Send + Sync>;

/// One entry that waits to be written.
pub(crate) struct Write {
    pub(super) make: Make,
    /// The namespace's tiers that have not answered yet, by their place.
    pub(super) tiers: Vec<usize>,
    /// Later than this the tombstone that would refuse it may be gone.
    pub(super) until: Instant,
    pub(super) attempts: u32,
    /// Whether any other write of the key is to be preferred.
    pub(super) yields: bool,
    /// Whether it waits for tiers that are left alone, because what they hold is older.
    pub(super) waits: bool,
    /// When it is tried again, and its number among those; set while it waits for that.
    pub(super) due: Option<(Instant, u64)>,
    /// Those who wait for its first attempt.
    pub(super) waiting: Vec<oneshot::Sender<Written>>,
}

impl Write {
    /// A write to the tiers at these places, not later than `until`.
    pub(crate) fn new(make: Make, tiers: Vec<usize>, until: Instant) -> Self {
        Self { make, tiers, until, attempts: 0, yields: false, waits: false, due: None, waiting: Vec::new() }
    }

    /// Not made at all where another write of the key waits or is under way.
    pub(crate) fn yielding(mut self) -> Self {
        self.yields = true;
        self
    }

    /// Kept for tiers that are left alone until they are not. Without it, such a tier goes without the entry.
    pub(crate) fn waiting(self, waits: bool) -> Self {
        Self { waits, ..self }
    }

    /// Told when every tier was asked once.
    pub(crate) fn told(mut self, writer: oneshot::Sender<Written>) -> Self {
        self.waiting.push(writer);
        self
    }

    /// Goes to the tiers of another write of its key as well, and waits for them if that one did.
    pub(super) fn takes_over(&mut self, tiers: &mut Vec<usize>, waits: bool) {
        self.tiers.append(tiers);
        self.tiers.sort_unstable();
        self.tiers.dedup();
        self.waits |= waits;
    }

    /// Tells those who wait; one that was dropped need not know.
    pub(super) fn tell(&mut self, written: Written) {
        for writer in self.waiting.drain(..) {
            let _gone = writer.send(written);
        }
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write")
            .field("tiers", &self.tiers)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
