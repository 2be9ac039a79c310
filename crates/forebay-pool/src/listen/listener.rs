//! The end that a caller holds.

use super::{
    attendant::{Attendant, attend},
    channels,
    mailbox::{Heard, Mailbox},
};
use crate::{error::PoolError, inner::Inner};
use futures_util::{Stream, stream};
use std::{fmt, sync::Arc};
use tokio::{sync::oneshot, task::AbortHandle};

/// Hears the notifications of some channels, on a connection of its own to the primary, from
/// [`Pool::listen`](crate::Pool::listen).
///
/// The connection is looked after in the background: when it is lost, or another server becomes the primary, a new
/// one is opened, and a [`Heard::Gap`] says so. What was heard waits in a buffer of `listen_buffer_max`.
///
/// Dropping it ends the connection; while it is there the pool stays open.
pub struct Listener {
    mailbox: Arc<Mailbox>,
    attendant: AbortHandle,
    /// Keeps the pool open.
    _pool: Arc<Inner>,
}

impl Listener {
    pub(crate) async fn start(pool: Arc<Inner>, names: Vec<String>) -> Result<Self, PoolError> {
        let statements = channels::statements(&names)?;
        let mailbox = Arc::new(Mailbox::new(pool.listen_buffer_max));
        let (ready, readied) = oneshot::channel();
        let attendant: Attendant = pool.attendant.clone();
        let task = attend(attendant, Arc::clone(&mailbox), statements, ready);
        let attendant = tokio::spawn(task).abort_handle();
        let listener = Self { mailbox, attendant, _pool: pool };
        match tokio::time::timeout(listener._pool.acquire_timeout, readied).await {
            Ok(Ok(Ok(()))) => Ok(listener),
            Ok(Ok(Err(error))) => Err(error),
            // The task ends without an answer when the pool is shut down.
            Ok(Err(_)) => Err(PoolError::Closed),
            Err(_) => Err(PoolError::AcquireTimeout {
                endpoint: listener._pool.cluster.primary().endpoint.name.clone(),
                waited: listener._pool.acquire_timeout,
                source: None,
            }),
        }
    }

    /// What is heard next; `None` once the pool is shut down and everything before was taken.
    ///
    /// # Cancellation
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Heard> {
        self.mailbox.next().await
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Heard> + Send {
        stream::unfold(self, async |mut listener| Some((listener.next().await?, listener)))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.attendant.abort();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}
