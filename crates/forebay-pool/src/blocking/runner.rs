//! Where the pool's background runs, and how a thread waits for a future.

use crate::error::PoolError;
use forebay_scope::Scope;
use std::{
    fmt,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::coop,
};

/// Waits for futures. Cloning is one reference count.
#[derive(Clone)]
pub(super) struct Runner {
    handle: Handle,
    /// Calls happen within it.
    scope: Option<Scope>,
    /// Ends with the last that holds it.
    _own: Option<Arc<Own>>,
}

/// A runtime that is ended without waiting: whoever drops it may be a task.
struct Own(Option<Runtime>);

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Runner {
    /// One thread of its own.
    pub(super) fn start() -> Result<Self, PoolError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("forebay-pool")
            .enable_all()
            .build()
            .map_err(|source| PoolError::NoRuntime { source })?;
        let handle = runtime.handle().clone();
        Ok(Self { handle, scope: None, _own: Some(Arc::new(Own(Some(runtime)))) })
    }

    pub(super) const fn on(handle: Handle) -> Self {
        Self { handle, scope: None, _own: None }
    }

    pub(super) fn within(&self, scope: Scope) -> Self {
        Self { scope: Some(scope), ..self.clone() }
    }

    /// The future's result, or a refusal in an asynchronous task.
    pub(super) fn wait<T, E: From<PoolError>>(
        &self,
        call: &'static str,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if is_task() {
            return Err(PoolError::WouldBlock { call }.into());
        }
        match &self.scope {
            Some(scope) => self.block_on(scope.run(future)),
            None => self.block_on(future),
        }
    }

    /// Not the runtime's own way to wait, which panics where it may not.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _context = self.handle.enter();
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            match future.as_mut().poll(&mut context) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::park(),
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Whether this thread is polling a task of tokio's right now.
///
/// That a runtime is entered does not say so: `spawn_blocking` enters one as well. What tasks have, and code that may block
/// does not, is a budget of steps before they have to yield. It is spent here to see whether it ends, and restored: it is
/// counted in one byte.
fn is_task() -> bool {
    if Handle::try_current().is_err() {
        return false;
    }
    let mut context = Context::from_waker(Waker::noop());
    let mut spent = Vec::new();
    let ends = loop {
        match coop::poll_proceed(&mut context) {
            Poll::Pending => break true,
            Poll::Ready(_) if spent.len() > usize::from(u8::MAX) => break false,
            Poll::Ready(step) => spent.push(step),
        }
    };
    // Each gives back what it took, the last first.
    while spent.pop().is_some() {}
    ends
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("within", &self.scope).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::is_task;
    use tokio::task::coop;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_task_is_told_from_what_may_block_and_keeps_its_budget() {
        for _ in 0..3 {
            assert!(is_task());
            assert!(coop::has_budget_remaining());
        }
        assert!(tokio::spawn(async { is_task() }).await.expect("it does not panic"));
        assert!(!tokio::task::spawn_blocking(is_task).await.expect("it does not panic"));
        assert!(!tokio::task::block_in_place(is_task));
        assert!(!std::thread::spawn(is_task).join().expect("it does not panic"));
    }
}
