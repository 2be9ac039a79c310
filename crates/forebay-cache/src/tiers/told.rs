use crate::{CacheEvent, namespace::News};
use forebay_traffic::{Breaker, State};
use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicU8, Ordering},
};

/// Who is told of a change of a tier's circuit breaker, and what they were told last.
#[derive(Debug)]
pub(super) struct Told {
    /// Changed under the lock of `news`, so that states are told in their order.
    state: AtomicU8,
    /// Those of the namespaces that use the tier.
    news: Mutex<Vec<Weak<News>>>,
}

impl Told {
    pub(super) fn new() -> Self {
        Self { state: AtomicU8::new(State::Closed as u8), news: Mutex::default() }
    }

    /// Tells these as well, from now on.
    pub(super) fn add(&self, news: &Arc<News>) {
        let mut all = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|news| news.strong_count() > 0);
        all.push(Arc::downgrade(news));
    }

    /// Whether this state was told last.
    pub(super) fn was(&self, state: State) -> bool {
        self.state.load(Ordering::Relaxed) == state as u8
    }

    /// Tells what the breaker of the tier does now, if it is news.
    #[cold]
    pub(super) fn tell(&self, tier: &str, breaker: &Breaker) {
        let all = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let state = breaker.state();
        if self.state.swap(state as u8, Ordering::Relaxed) != state as u8 {
            for news in all.iter().filter_map(Weak::upgrade) {
                news.tell(|| CacheEvent::Breaker { tier: tier.into(), state });
            }
        }
    }
}
