use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};

/// Falls due after a silence.
pub(super) struct Heartbeat {
    silence: Option<Duration>,
    /// Made at the first silence; a body that is never silent needs no timer.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the timer runs for the silence at hand.
    running: bool,
}

impl Heartbeat {
    pub(super) fn new(silence: Option<Duration>) -> Self {
        Self { silence, timer: None, running: false }
    }

    /// Waits for the end of the silence.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(silence) = self.silence else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(silence)));
        if !std::mem::replace(&mut self.running, true) {
            timer.as_mut().reset(Instant::now() + silence);
        }
        timer.as_mut().poll(cx)
    }

    /// Something was sent.
    pub(super) fn rest(&mut self) {
        self.running = false;
    }
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat").field("silence", &self.silence).finish_non_exhaustive()
    }
}
