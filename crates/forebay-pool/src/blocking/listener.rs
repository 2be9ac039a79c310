//! Notifications for a thread that waits for them.

use super::runner::Runner;
use crate::{error::PoolError, listen::Heard};

/// [`crate::Listener`] for threads: its items are waited for, and there are none any more once the pool is shut down and
/// everything before was taken. The only error is [`PoolError::WouldBlock`].
#[derive(Debug)]
pub struct Listener {
    inner: crate::Listener,
    runner: Runner,
}

impl Listener {
    pub(super) const fn new(inner: crate::Listener, runner: Runner) -> Self {
        Self { inner, runner }
    }
}

impl Iterator for Listener {
    type Item = Result<Heard, PoolError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.runner.wait("Listener::next", async { Ok(self.inner.next().await) }).transpose()
    }
}
