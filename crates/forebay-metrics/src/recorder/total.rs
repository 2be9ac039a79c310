use metrics::CounterFn;
use std::{
    cell::Cell,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// A sum that threads add to without getting into each other's way: each adds to a part of its own, as far as there are
/// enough of them.
#[derive(Debug)]
pub(super) struct Total {
    parts: [Part; Total::PARTS],
    /// Held while the sum is raised to a value, which must not be done by two at once.
    raising: Mutex<()>,
}

/// A cache line of its own, so that the processor's cores do not pass it to and fro.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Part(AtomicU64);

impl Total {
    const PARTS: usize = 8;

    /// What was added so far. Never less than it was for the same caller before.
    pub(super) fn get(&self) -> u64 {
        let read = |part: &Part| part.0.load(Ordering::Acquire);
        self.parts.iter().map(read).fold(0, u64::wrapping_add)
    }

    #[inline]
    fn mine(&self) -> &AtomicU64 {
        &self.parts[place() % Self::PARTS].0
    }
}

/// The part this thread adds to: threads take them in turn.
#[inline]
fn place() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    const NONE: usize = usize::MAX;
    thread_local!(static PLACE: Cell<usize> = const { Cell::new(NONE) });
    PLACE.with(|place| {
        if place.get() == NONE {
            place.set(NEXT.fetch_add(1, Ordering::Relaxed) % Total::PARTS);
        }
        place.get()
    })
}

impl Default for Total {
    fn default() -> Self {
        Self { parts: Default::default(), raising: Mutex::new(()) }
    }
}

impl CounterFn for Total {
    fn increment(&self, value: u64) {
        self.mine().fetch_add(value, Ordering::Release);
    }

    fn absolute(&self, value: u64) {
        // What it guards has no state that a panic could leave half written.
        let _raising = self.raising.lock().unwrap_or_else(PoisonError::into_inner);
        self.mine().fetch_add(value.saturating_sub(self.get()), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_only_raised_to_a_value_and_counts_on_from_there() {
        let total = Total::default();
        total.increment(3);
        total.absolute(10);
        total.absolute(7);
        std::thread::scope(|scope| {
            scope.spawn(|| total.increment(2));
        });
        assert_eq!(total.get(), 12);
    }
}
