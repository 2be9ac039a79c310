use crate::Heard;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// News on their way from the bus to whoever listens. Bounded: what does not fit is replaced by the advice to ask for
/// what was missed.
#[derive(Debug)]
pub(super) struct Inbox {
    news: Mutex<VecDeque<Heard>>,
    arrived: Notify,
    max: usize,
}

impl Inbox {
    pub(super) fn new(max: usize) -> Self {
        Self { news: Mutex::default(), arrived: Notify::new(), max }
    }

    pub(super) fn put(&self, heard: Heard) {
        let mut news = self.lock();
        let full = news.len() >= self.max;
        match (news.back_mut(), &heard) {
            (Some(last @ Heard::Alive(_)), Heard::Alive(_)) => *last = heard,
            (Some(Heard::Interrupted), Heard::Interrupted) => {}
            _ if full => {
                news.clear();
                news.push_back(Heard::Interrupted);
            }
            _ => news.push_back(heard),
        }
        drop(news);
        self.arrived.notify_one();
    }

    /// Cancel safe: news leave the queue only when they are returned.
    pub(super) async fn take(&self) -> Heard {
        loop {
            if let Some(heard) = self.lock().pop_front() {
                return heard;
            }
            self.arrived.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Heard>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mark, Stamp};

    fn alive(number: u64) -> Heard {
        Heard::Alive(Mark { stamp: Stamp { epoch: 1, number }, link: number })
    }

    #[tokio::test]
    async fn overflow_is_an_interruption() {
        let inbox = Inbox::new(2);
        inbox.put(Heard::Interrupted);
        inbox.put(alive(1));
        inbox.put(alive(2));
        inbox.put(Heard::Interrupted);
        assert!(matches!(inbox.take().await, Heard::Interrupted));
        assert!(
            tokio::time::timeout(std::time::Duration::ZERO, inbox.take()).await.is_err(),
            "nothing is left"
        );
    }

    #[tokio::test]
    async fn only_the_last_heartbeat_is_kept() {
        let inbox = Inbox::new(8);
        (1..=5).map(alive).for_each(|heard| inbox.put(heard));
        assert!(matches!(inbox.take().await, Heard::Alive(Mark { link: 5, .. })));
    }
}
