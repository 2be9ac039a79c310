//! Panics of what a user plugged in.

use crate::connect::ConnectFailure;
use futures_util::FutureExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs what a user gave. A panic of it is a failure: it must not take the background task, nor a slot, with it.
pub(crate) async fn contained<T, F>(what: &'static str, make: impl FnOnce() -> F) -> Result<T, ConnectFailure>
where
    F: Future<Output = Result<T, ConnectFailure>>,
{
    let panicked = || Err(format!("the {what} panicked").into());
    // What it leaves behind is not looked at again.
    match catch_unwind(AssertUnwindSafe(make)) {
        Ok(work) => AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| panicked()),
        Err(_) => panicked(),
    }
}
