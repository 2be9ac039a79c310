use super::space::Namespace;
use crate::{CacheEvent, Invalidation, Stamp};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::broadcast::{
    self,
    error::{RecvError, TryRecvError},
};

/// Tells those who listen; costs one relaxed load when nobody does.
#[derive(Debug)]
pub(crate) struct News {
    /// Made by the first listener.
    sender: OnceLock<broadcast::Sender<CacheEvent>>,
    listeners: Arc<AtomicUsize>,
    events_max: usize,
}

impl News {
    pub(super) fn new(events_max: usize) -> Self {
        Self { sender: OnceLock::new(), listeners: Arc::default(), events_max }
    }

    fn listen(&self, cache: Option<&str>) -> Events {
        // What the channel takes at most.
        let events_max = self.events_max.min(usize::MAX / 4);
        let receiver = self.sender.get_or_init(|| broadcast::Sender::new(events_max)).subscribe();
        self.listeners.fetch_add(1, Ordering::Relaxed);
        Events { receiver, cache: cache.map(Box::from), listeners: self.listeners.clone() }
    }

    #[inline]
    fn is_heard(&self) -> bool {
        self.listeners.load(Ordering::Relaxed) > 0
    }

    /// Tells those who listen.
    #[inline]
    pub(crate) fn tell(&self, event: impl FnOnce() -> CacheEvent) {
        if self.is_heard()
            && let Some(sender) = self.sender.get()
        {
            // Without a receiver nobody is interested any more.
            drop(sender.send(event()));
        }
    }
}

/// What happens, as it happens; made by [`Namespace::events`] and [`Cache::events`](crate::Cache::events).
///
/// Events wait in a buffer of [`events_max`](crate::NamespaceBuilder::events_max) that all listeners share; the oldest go
/// first, and a listener that has missed some is told how many.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<CacheEvent>,
    cache: Option<Box<str>>,
    listeners: Arc<AtomicUsize>,
}

impl Events {
    /// The next event; `None` when the namespace is gone. Cancel safe.
    pub async fn next(&mut self) -> Option<CacheEvent> {
        loop {
            let event = match self.receiver.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(missed)) => CacheEvent::Missed(missed),
                Err(RecvError::Closed) => return None,
            };
            if self.is_wanted(&event) {
                return Some(event);
            }
        }
    }

    /// The next event if there is one already.
    pub fn try_next(&mut self) -> Option<CacheEvent> {
        loop {
            let event = match self.receiver.try_recv() {
                Ok(event) => event,
                Err(TryRecvError::Lagged(missed)) => CacheEvent::Missed(missed),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            };
            if self.is_wanted(&event) {
                return Some(event);
            }
        }
    }

    fn is_wanted(&self, event: &CacheEvent) -> bool {
        match (&self.cache, event.cache()) {
            (Some(wanted), Some(cache)) => **wanted == *cache,
            _ => true,
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Namespace {
    /// What happens in the namespace on this node: loads, stores, evictions, invalidations (also those heard of other
    /// nodes), gaps in their chain, replays, suspicions, silence, circuit breakers of remote tiers. Not hits, and nothing of
    /// the time before the call.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
    /// use forebay_cache::{Cache, CacheEvent, Namespace};
    ///
    /// let shop = Namespace::local("shop");
    /// let users: Cache<u64, String> = Cache::builder("users").namespace(&shop).build()?;
    /// let mut events = shop.events();
    /// users.insert(&7, "Ada".to_owned()).await;
    /// let stored = CacheEvent::Stored { cache: "users".into(), key: "7".into() };
    /// assert_eq!(events.next().await, Some(stored));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn events(&self) -> Events {
        self.0.news.listen(None)
    }

    /// [`Namespace::events`] without what is about other caches only.
    pub(crate) fn events_of(&self, cache: &str) -> Events {
        self.0.news.listen(Some(cache))
    }

    /// Whether anybody listens.
    #[inline]
    pub(crate) fn is_heard(&self) -> bool {
        self.0.news.is_heard()
    }

    /// Tells those who listen.
    #[inline]
    pub(crate) fn tell(&self, event: impl FnOnce() -> CacheEvent) {
        self.0.news.tell(event);
    }

    pub(super) fn tell_of(&self, invalidation: &Invalidation, heard: Option<Stamp>) {
        self.tell(|| CacheEvent::Invalidated {
            target: invalidation.target.clone(),
            strength: invalidation.strength,
            heard,
        });
    }

    /// Nothing was heard of other nodes for too long, or something was again.
    pub(super) fn silent(&self, silent: bool) {
        let Some(backplane) = &self.0.backplane else { return };
        if backplane.silent(silent) {
            self.0.meters.silent.set(f64::from(u8::from(silent)));
            self.tell(|| CacheEvent::Silent(silent));
            if silent {
                tracing::warn!(namespace = self.name(), "nothing is heard of other nodes");
            } else {
                tracing::info!(namespace = self.name(), "other nodes are heard again");
            }
        }
    }
}
