use super::{
    budget::{Budget, BudgetConfig, Pressure},
    clock::Clock,
};
use crate::{Error, config::check};
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::panicking,
    time::Duration,
};
use tokio::runtime::Handle;

/// Which encoded forms are made again, better, because they are sent often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HotConfig {
    /// After how many responses from one encoded form it is made again at its coding's `hot_level`; 0 for never.
    /// Default: 100.
    pub hits: u32,
    /// The longest body of which that is done. Default: 1 MiB, some seconds of work at brotli's highest level.
    pub bytes_max: u64,
    /// How many forms may wait for it; the work is done one by one, on a thread for blocking work. Default: 64.
    pub waiting_max: u32,
    /// What it may take of each core's time in the long run, in percent; forms that become hot while it takes more
    /// are counted anew. Default: 5.
    pub core_percent: u32,
}

impl Default for HotConfig {
    fn default() -> Self {
        Self { hits: 100, bytes_max: 1 << 20, waiting_max: 64, core_percent: 5 }
    }
}

impl HotConfig {
    pub(crate) fn check(self) -> Result<(), Error> {
        check("hot.core_percent", "1 to 100", self.core_percent.into(), 1, 100)?;
        check("hot.waiting_max", "1 to 100000", self.waiting_max.into(), 1, 100_000)
    }
}

/// Work that can wait, done one piece at a time. What has not begun when it is dropped is not done.
pub(crate) struct Upgrades {
    queue: Arc<Queue>,
}

type Job = Box<dyn FnOnce() + Send>;

struct Queue {
    state: Mutex<State>,
    waiting_max: usize,
    budget: Budget,
}

/// What the work may take at once.
const BURST: Duration = Duration::from_millis(500);

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// Whether a thread is at it.
    busy: bool,
}

impl Upgrades {
    pub(crate) fn new(config: HotConfig, clock: Clock) -> Self {
        let budget = Budget::new(BudgetConfig { core_percent: config.core_percent, burst: BURST }, clock);
        let waiting_max = usize::try_from(config.waiting_max).unwrap_or(usize::MAX);
        Self { queue: Arc::new(Queue { state: Mutex::default(), waiting_max, budget }) }
    }

    /// Takes on a piece of work, if there is room and time for it and a runtime to do it on.
    pub(crate) fn offer(&self, job: impl FnOnce() + Send + 'static) -> bool {
        let Ok(runtime) = Handle::try_current() else { return false };
        if self.queue.budget.pressure(Duration::ZERO) != Pressure::None {
            return false;
        }
        let mut state = self.queue.lock();
        if state.waiting.len() >= self.queue.waiting_max {
            return false;
        }
        state.waiting.push_back(Box::new(job));
        if !std::mem::replace(&mut state.busy, true) {
            let queue = Arc::clone(&self.queue);
            // It ends by itself when nothing waits any more.
            drop(runtime.spawn_blocking(move || queue.work()));
        }
        true
    }
}

impl Drop for Upgrades {
    fn drop(&mut self) {
        self.queue.lock().waiting.clear();
    }
}

impl fmt::Debug for Upgrades {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrades").field("waiting", &self.queue.lock().waiting.len()).finish_non_exhaustive()
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Jobs run outside of the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        let job = state.waiting.pop_front();
        state.busy = job.is_some();
        job
    }

    fn work(&self) {
        let _gone = Gone(self);
        while let Some(job) = self.next() {
            let began = self.budget.now();
            job();
            self.budget.pay(began);
        }
    }
}

/// Lets another thread go on where a job panicked.
struct Gone<'a>(&'a Queue);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        if panicking() {
            self.0.lock().busy = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    };

    #[tokio::test]
    async fn work_is_done_one_by_one_and_its_queue_is_bounded() {
        let upgrades = Upgrades::new(HotConfig { waiting_max: 2, ..Default::default() }, Clock::default());
        let (done, all) = mpsc::channel();
        let (begun, first) = tokio::sync::oneshot::channel();
        let (go, wait) = mpsc::channel::<()>();
        let at_once = Arc::new(AtomicUsize::new(0));
        assert!(upgrades.offer({
            let (done, at_once) = (done.clone(), Arc::clone(&at_once));
            move || {
                at_once.fetch_add(1, Ordering::SeqCst);
                begun.send(()).expect("waited for");
                wait.recv().expect("let go");
                done.send(at_once.fetch_sub(1, Ordering::SeqCst)).expect("waited for");
            }
        }));
        first.await.expect("begun");
        let job = || {
            let (done, at_once) = (done.clone(), Arc::clone(&at_once));
            move || {
                let others = at_once.fetch_add(1, Ordering::SeqCst);
                at_once.fetch_sub(1, Ordering::SeqCst);
                done.send(others + 1).expect("waited for");
            }
        };
        assert_eq!(
            [upgrades.offer(job()), upgrades.offer(job()), upgrades.offer(job())],
            [true, true, false]
        );
        go.send(()).expect("waiting");
        let counts =
            tokio::task::spawn_blocking(move || [all.recv(), all.recv(), all.recv()]).await.expect("done");
        assert_eq!(counts, [Ok(1), Ok(1), Ok(1)]);
    }

    #[tokio::test]
    async fn it_takes_no_more_than_its_share_of_time() {
        let seconds = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&seconds);
        let clock = Clock::new(move || Duration::from_secs(clock.load(Ordering::SeqCst)));
        let upgrades = Upgrades::new(HotConfig::default(), clock);
        let worked = Arc::clone(&seconds);
        assert!(upgrades.offer(move || worked.store(10, Ordering::SeqCst)));
        forebay_tests::eventually("the time is paid for", async || !upgrades.offer(|| ())).await;
        seconds.store(10_000, Ordering::SeqCst);
        assert!(upgrades.offer(|| ()));
    }

    #[tokio::test]
    async fn what_waits_is_dropped_with_it() {
        let upgrades = Upgrades::new(HotConfig::default(), Clock::default());
        let (begun, first) = tokio::sync::oneshot::channel();
        let (go, wait) = mpsc::channel::<()>();
        assert!(upgrades.offer(move || {
            begun.send(()).expect("waited for");
            wait.recv().expect("let go");
        }));
        first.await.expect("begun");
        let held = Arc::new(());
        let kept = Arc::clone(&held);
        assert!(upgrades.offer(move || drop(kept)));
        drop(upgrades);
        assert_eq!(Arc::strong_count(&held), 1);
        go.send(()).expect("waiting");
    }
}
