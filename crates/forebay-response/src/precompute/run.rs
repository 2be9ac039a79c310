use crate::Prepared;
use forebay_cache::{Cache, CacheEvent, CacheKey, Events};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

/// The background task.
pub(super) struct Run<K: CacheKey> {
    cache: Cache<K, Prepared>,
    keys: Vec<K>,
    /// The least time between the beginnings of two loads.
    pause: Duration,
    look_every: Duration,
    /// When the next load may begin.
    next: Instant,
    /// Whether every key was tried.
    tell: watch::Sender<bool>,
    events: Events,
}

impl<K: CacheKey> Run<K> {
    pub(super) fn new(
        cache: Cache<K, Prepared>,
        keys: Vec<K>,
        pause: Duration,
        look_every: Duration,
        tell: watch::Sender<bool>,
    ) -> Self {
        // From here on, so that nothing is missed between the first look and the first event.
        let events = cache.events();
        Self { cache, keys, pause, look_every, next: Instant::now(), tell, events }
    }

    /// Goes on until it is told to stop, or nobody is left to tell it.
    pub(super) async fn until(mut self, mut stopped: watch::Receiver<bool>) {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = self.run() => {}
        }
    }

    async fn run(&mut self) {
        let mut tick = interval(self.look_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.look().await;
            // Fails when nobody listens any more.
            let _nobody = self.tell.send(true);
            loop {
                tokio::select! {
                    _ = tick.tick() => break,
                    event = self.events.next() => match event {
                        Some(event) if is_change(&event) => break,
                        Some(_) => {}
                        None => return,
                    }
                }
            }
        }
    }

    /// Loads every key that has no fresh value, in order.
    async fn look(&mut self) {
        for at in 0..self.keys.len() {
            let key = &self.keys[at];
            if self.cache.peek(key).is_some() {
                continue;
            }
            sleep_until(self.next).await;
            self.next = Instant::now() + self.pause;
            // A load that fails is the cache's to count and to report; the next look tries again.
            let _failed = Box::pin(self.cache.refresh(key)).await.is_err();
        }
    }
}

/// Whether a value may no longer be what it was.
fn is_change(event: &CacheEvent) -> bool {
    matches!(
        event,
        CacheEvent::Invalidated { .. }
            | CacheEvent::Suspected
            | CacheEvent::Missed(_)
            | CacheEvent::Replayed { .. }
            | CacheEvent::Silent(_)
    )
}
