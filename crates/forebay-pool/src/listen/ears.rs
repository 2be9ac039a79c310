//! Where the tap leads notifications.

use super::mailbox::Mailbox;
use crate::counts::Tally;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio_postgres::Notification;

/// Puts what one connection hears into the mailbox, except for its own trial.
pub(crate) struct Ears {
    mailbox: Arc<Mailbox>,
    /// A channel that nobody else uses.
    trial: String,
    tried: AtomicBool,
    /// Counts what did not fit.
    unheard: Arc<Tally>,
}

impl Ears {
    pub(super) fn new(mailbox: Arc<Mailbox>, trial: String, unheard: Arc<Tally>) -> Self {
        Self { mailbox, trial, tried: AtomicBool::new(false), unheard }
    }

    pub(crate) fn heard(&self, notification: Notification) {
        if notification.channel() == self.trial {
            self.tried.store(true, Ordering::Release);
        } else if !self.mailbox.notified(notification) {
            self.unheard.increment(1);
        }
    }

    /// Whether the trial was heard.
    pub(super) fn tried(&self) -> bool {
        self.tried.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ears").field("trial", &self.trial).finish_non_exhaustive()
    }
}
