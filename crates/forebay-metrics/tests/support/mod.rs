//! A clock that stands still until a test moves it, and a recorder on it.

use forebay_metrics::{Clock, Meter, RecorderConfig, WindowRecorder};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

#[derive(Debug, Clone, Default)]
pub(crate) struct HandClock(Arc<AtomicU64>);

impl HandClock {
    pub(crate) fn wait(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) fn recorder(config: RecorderConfig) -> (WindowRecorder, Meter, HandClock) {
    let clock = HandClock::default();
    let recorder = WindowRecorder::with_clock(config, clock.clone()).expect("a valid configuration");
    (recorder.clone(), Meter::new(recorder), clock)
}
