use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{runtime::Handle, time::Sleep};

/// A delay that starts when it is first asked for, so that what is ready at once never touches the clock.
#[derive(Debug, Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready `after` the first call since it was last stopped; at once where no tokio runtime could wake us.
    pub(super) fn poll(&mut self, after: Duration, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.is_none() && Handle::try_current().is_err() {
            return Poll::Ready(());
        }
        self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep(after))).as_mut().poll(cx)
    }

    /// Forgets the delay.
    pub(super) fn stop(&mut self) {
        self.0 = None;
    }
}
