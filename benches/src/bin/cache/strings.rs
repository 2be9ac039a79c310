//! What is read from remote tiers: strings of 1 KiB, by 64 tasks, beside the bare client.

use std::time::{Duration, Instant};

pub(crate) const TASKS: u64 = 64;
pub(crate) const KEYS: u64 = 1_000;
/// Reads of one task.
pub(crate) const READS: u64 = 100;
pub(crate) const VALUE_BYTES: usize = 1024;

/// Text that no compression shortens much: what is compared is the way, not the size.
pub(crate) fn text(key: u64) -> String {
    let mut state = key.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + u8::try_from(state % 90).unwrap_or(0))
    };
    (0..VALUE_BYTES).map(|_| letter()).collect()
}

/// What the bare client calls it.
pub(crate) fn bare_key(key: u64) -> String {
    format!("forebay-bench:{key}")
}

/// The keys one task asks for in turn, and how long it was at each.
pub(crate) struct Calls {
    task: u64,
    began: Option<Instant>,
    took: Vec<Duration>,
}

impl Calls {
    pub(crate) fn of(task: u64) -> Self {
        Self { task, began: None, took: Vec::with_capacity(READS as usize) }
    }

    /// The call before this one is over.
    pub(crate) fn next(&mut self) -> Option<u64> {
        let now = Instant::now();
        if let Some(began) = self.began.replace(now) {
            self.took.push(now - began);
        }
        let number = self.took.len() as u64;
        (number < READS).then_some((self.task * 31 + number) % KEYS)
    }

    pub(crate) fn took(self) -> Vec<Duration> {
        self.took
    }
}

/// How long all tasks took that go at once, and each of their calls, the shortest first.
pub(crate) async fn by_tasks<C, F>(client: &C, work: impl Fn(C, u64) -> F) -> (Duration, Vec<Duration>)
where
    C: Clone,
    F: Future<Output = Vec<Duration>> + Send + 'static,
{
    let began = Instant::now();
    let tasks: Vec<_> = (0..TASKS).map(|task| tokio::spawn(work(client.clone(), task))).collect();
    let mut calls = Vec::new();
    for task in tasks {
        // A task that panicked would make a figure of nothing.
        calls.extend(task.await.expect("every key is there"));
    }
    let all = began.elapsed();
    calls.sort();
    (all, calls)
}

/// The call that `share` of all calls, sorted, took no longer than.
pub(crate) fn at(share: f64, calls: &[Duration]) -> Duration {
    let last = calls.len().saturating_sub(1);
    calls.get((share * last as f64).round() as usize).copied().unwrap_or_default()
}
