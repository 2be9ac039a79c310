//! What was heard and not yet taken: bounded, and what did not fit shows.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;
use tokio_postgres::Notification;

/// What a [`Listener`](super::Listener) hears.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Heard {
    /// Somebody sent `NOTIFY` on one of the channels.
    Notification(Notification),
    /// Notifications may be missing here. Everything sent from now on is heard again, so whoever keeps something up
    /// to date by notifications reads it anew once.
    Gap(Gap),
}

/// Why notifications may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Gap {
    /// The connection was lost, or another server became the primary, and a new connection listens now.
    pub reconnected: bool,
    /// How many notifications came while the buffer was full.
    pub overflowed: u64,
}

/// Between the connection and whoever listens.
#[derive(Debug)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    /// Rung when something came or the end did.
    rung: Notify,
    buffer_max: usize,
}

#[derive(Debug, Default)]
struct State {
    /// At most `buffer_max` entries and a gap.
    queue: VecDeque<Heard>,
    ended: bool,
}

impl Mailbox {
    pub(crate) fn new(buffer_max: usize) -> Self {
        Self { state: Mutex::default(), rung: Notify::new(), buffer_max }
    }

    /// Takes in a notification; says whether there was room.
    pub(crate) fn notified(&self, notification: Notification) -> bool {
        let mut state = self.state();
        let fits = state.queue.len() < self.buffer_max;
        if fits {
            state.queue.push_back(Heard::Notification(notification));
        } else {
            state.gap(|gap| gap.overflowed += 1);
        }
        drop(state);
        self.rung.notify_one();
        fits
    }

    /// A new connection listens.
    pub(super) fn reconnected(&self) {
        self.state().gap(|gap| gap.reconnected = true);
        self.rung.notify_one();
    }

    pub(super) fn end(&self) {
        self.state().ended = true;
        self.rung.notify_one();
    }

    /// What came first, now or when it comes; `None` after the end. For one taker at a time. Dropping the future
    /// loses nothing.
    pub(super) async fn next(&self) -> Option<Heard> {
        loop {
            {
                let mut state = self.state();
                if let Some(heard) = state.queue.pop_front() {
                    return Some(heard);
                }
                if state.ended {
                    return None;
                }
            }
            // A ring that came since is kept for the next who waits.
            self.rung.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes a gap at the end, in one entry with a gap that is there already.
    fn gap(&mut self, note: impl FnOnce(&mut Gap)) {
        if !matches!(self.queue.back(), Some(Heard::Gap(_))) {
            self.queue.push_back(Heard::Gap(Gap::default()));
        }
        if let Some(Heard::Gap(gap)) = self.queue.back_mut() {
            note(gap);
        }
    }
}
