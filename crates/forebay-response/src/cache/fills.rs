use std::{future::Future, sync::Arc};
use tokio::{sync::watch, task::JoinHandle};

/// The fills that run, each on a task of its own, so that a client that goes away does not end what others wait for.
#[derive(Debug, Clone)]
pub(crate) struct Fills {
    running: Arc<watch::Sender<usize>>,
    max: usize,
}

impl Fills {
    pub(crate) fn new(max: usize) -> Self {
        Self { running: Arc::new(watch::Sender::new(0)), max }
    }

    /// Runs `fill` on a task; gives it back when there are too many.
    pub(crate) fn spawn<F>(&self, fill: F) -> Result<JoinHandle<F::Output>, F>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let room = self.running.send_if_modified(|running| {
            let room = *running < self.max;
            *running += usize::from(room);
            room
        });
        if !room {
            return Err(fill);
        }
        let ended = Ended(self.running.clone());
        Ok(tokio::spawn(async move {
            let _ended = ended;
            fill.await
        }))
    }

    /// Waits for those that run.
    pub(crate) async fn ended(&self) {
        // An error means that the sender is gone, which is held here.
        drop(self.running.subscribe().wait_for(|running| *running == 0).await);
    }
}

struct Ended(Arc<watch::Sender<usize>>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}
