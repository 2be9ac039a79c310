use crate::{
    Prepared,
    metrics::{PRECOMPUTE_PENDING, PRECOMPUTED},
};
use ::metrics::{Counter, Gauge};
use forebay_cache::{Cache, CacheEvent, CacheKey, Events, Meter};
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
    watch: Watch,
}

/// The handles, registered once.
pub(super) struct Watch {
    ok: Counter,
    failed: Counter,
    pending: Gauge,
}

impl Watch {
    pub(super) fn new(meter: &Meter, cache: &str) -> Self {
        meter.describe(&[PRECOMPUTED, PRECOMPUTE_PENDING]);
        let [ok, failed] = ["ok", "failed"].map(|outcome| meter.counter(&PRECOMPUTED, &[cache, outcome]));
        Self { ok, failed, pending: meter.gauge(&PRECOMPUTE_PENDING, &[cache]) }
    }
}

impl<K: CacheKey> Run<K> {
    pub(super) fn new(
        cache: Cache<K, Prepared>,
        keys: Vec<K>,
        (pause, look_every): (Duration, Duration),
        tell: watch::Sender<bool>,
        watch: Watch,
    ) -> Self {
        // From here on, so that nothing is missed between the first look and the first event.
        let events = cache.events();
        Self { cache, keys, pause, look_every, next: Instant::now(), tell, events, watch }
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
        // Counts as no use of them: what nobody asks for may leave memory.
        let stale = self.keys.iter().filter(|key| !self.cache.is_fresh(key)).count();
        // There are far fewer than 2^52.
        self.watch.pending.set(stale as f64);
        for at in 0..self.keys.len() {
            let key = &self.keys[at];
            if self.cache.is_fresh(key) {
                continue;
            }
            sleep_until(self.next).await;
            self.next = Instant::now() + self.pause;
            // A load that fails is the cache's to count and to report; the next look tries again.
            match Box::pin(self.cache.refresh(key)).await {
                Ok(_) => {
                    self.watch.pending.decrement(1.0);
                    self.watch.ok.increment(1);
                }
                Err(_) => self.watch.failed.increment(1),
            }
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
