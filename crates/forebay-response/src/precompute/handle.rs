use std::fmt;
use tokio::{sync::watch, task::JoinHandle};

/// Responses that are computed ahead, until this is dropped or [shut down](Self::shutdown).
#[must_use = "responses are computed ahead until this is dropped"]
pub struct Precomputed {
    told: watch::Receiver<bool>,
    /// Dropping it stops the task as well.
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Precomputed {
    pub(super) fn new(told: watch::Receiver<bool>, stop: watch::Sender<bool>, task: JoinHandle<()>) -> Self {
        Self { told, stop, task }
    }

    /// Waits until every key was tried once: what a service does before it reports ready. Cancel safe.
    pub async fn ready(&self) {
        let mut told = self.told.clone();
        // The sender goes only with the task, and then nothing more is to be waited for.
        let _ended = told.wait_for(|ready| *ready).await.is_err();
    }

    /// Stops, and waits until the task has ended; a load under way is dropped.
    pub async fn shutdown(self) {
        let Self { stop, task, .. } = self;
        let _ended = stop.send(true).is_err();
        // It ends by itself or by a panic of a loader, which the cache has reported.
        let _panicked = task.await.is_err();
    }
}

impl fmt::Debug for Precomputed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Precomputed").field("ready", &*self.told.borrow()).finish_non_exhaustive()
    }
}
