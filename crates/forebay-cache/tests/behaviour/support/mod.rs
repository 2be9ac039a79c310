//! What tests about interleavings share.

pub(crate) mod warnings;

use std::{future::Future, time::Duration};

/// Waits until `condition` holds; fails after a while that only a bug can fill.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..2_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never happened: {what}");
}

/// Lets other tasks run until `condition` holds, while no time passes.
///
/// # Panics
/// When it does not hold after a hundred thousand turns.
pub(crate) async fn soon(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..100_000 {
        if condition() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{what}: it does not hold");
}

/// Lets every task that can run do so.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Polls `future` once and gives it back unless it is done.
pub(crate) fn start<F: Future>(future: F) -> std::pin::Pin<Box<F>> {
    let mut future = Box::pin(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_pending(), "expected to wait");
    future
}
