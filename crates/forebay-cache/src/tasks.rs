use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::task::JoinSet;

/// The background work of one owner: bounded, and ended with it.
#[derive(Debug)]
pub(crate) struct Tasks {
    running: Mutex<Option<JoinSet<()>>>,
    max: usize,
}

impl Tasks {
    pub(crate) fn new(max: usize) -> Self {
        Self { running: Mutex::new(Some(JoinSet::new())), max }
    }

    /// Runs `task`, unless too many run already or the owner was shut down.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> bool {
        let mut running = self.lock();
        let Some(set) = running.as_mut() else { return false };
        // A panic in a task is the user's loader's, and its flight has already told those who wait.
        while set.try_join_next().is_some() {}
        if set.len() >= self.max {
            return false;
        }
        set.spawn(task);
        true
    }

    /// Waits for what runs and takes nothing more.
    pub(crate) async fn shutdown(&self) {
        let set = self.lock().take();
        if let Some(mut set) = set {
            while set.join_next().await.is_some() {}
        }
    }

    /// Stops what runs and takes nothing more.
    pub(crate) async fn abort(&self) {
        let set = self.lock().take();
        if let Some(mut set) = set {
            set.shutdown().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
