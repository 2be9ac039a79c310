use metrics::CounterFn;
use std::{
    cell::Cell,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
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
    /// Parts that one thread at a time has to itself: it then adds by reading and writing, without a locked instruction,
    /// which would hold up what the processor does meanwhile.
    const OWNED: usize = 8;
    /// As many again are shared by the threads that found none.
    const PARTS: usize = 2 * Self::OWNED;

    /// What was added so far. Never less than it was for the same caller before.
    pub(super) fn get(&self) -> u64 {
        let read = |part: &Part| part.0.load(Ordering::Acquire);
        self.parts.iter().map(read).fold(0, u64::wrapping_add)
    }

    #[inline]
    fn add(&self, value: u64) {
        let place = place();
        let part = &self.parts[place % Self::PARTS].0;
        if place < Self::OWNED {
            // Nobody else writes here: see `Claim`.
            part.store(part.load(Ordering::Relaxed).wrapping_add(value), Ordering::Release);
        } else {
            part.fetch_add(value, Ordering::Release);
        }
    }
}

/// Not looked for yet.
const NONE: usize = usize::MAX;

thread_local! {
    /// The part of every total that this thread adds to. It outlives [`CLAIM`], as nothing is done when it goes.
    static PLACE: Cell<usize> = const { Cell::new(NONE) };
    static CLAIM: Claim = Claim::stake();
}

#[inline]
fn place() -> usize {
    match PLACE.get() {
        NONE => find_place(),
        place => place,
    }
}

#[cold]
fn find_place() -> usize {
    let place = CLAIM.try_with(|claim| claim.0).unwrap_or(Total::OWNED);
    PLACE.set(place);
    place
}

/// A thread's part, given back when the thread ends.
struct Claim(usize);

impl Claim {
    /// A part nobody has, or one that is shared.
    fn stake() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let taken = TAKEN.fetch_update(Ordering::Acquire, Ordering::Relaxed, |taken| {
            let free = (!taken).trailing_zeros() as usize;
            (free < Total::OWNED).then(|| taken | 1 << free)
        });
        match taken {
            Ok(before) => Self((!before).trailing_zeros() as usize),
            Err(_) => Self(Total::OWNED + NEXT.fetch_add(1, Ordering::Relaxed) % Total::OWNED),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // What else this thread counts while it ends goes where anybody may add.
        PLACE.set(Total::OWNED);
        if self.0 < Total::OWNED {
            // Whoever takes it next finds what this thread wrote.
            TAKEN.fetch_and(!(1 << self.0), Ordering::Release);
        }
    }
}

/// One bit for each part that a thread has to itself.
static TAKEN: AtomicU32 = AtomicU32::new(0);

impl Default for Total {
    fn default() -> Self {
        Self { parts: Default::default(), raising: Mutex::new(()) }
    }
}

impl CounterFn for Total {
    fn increment(&self, value: u64) {
        self.add(value);
    }

    fn absolute(&self, value: u64) {
        // What it guards has no state that a panic could leave half written.
        let _raising = self.raising.lock().unwrap_or_else(PoisonError::into_inner);
        self.add(value.saturating_sub(self.get()));
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

    #[test]
    fn nothing_is_lost_as_threads_come_and_go() {
        // More at once than can have a part of their own, and many times, so that parts change hands.
        const THREADS: u64 = 3 * Total::OWNED as u64;
        let (total, rounds, each) = (Total::default(), 20, 500);
        for _ in 0..rounds {
            std::thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| (0..each).for_each(|_| total.increment(1)));
                }
            });
        }
        assert_eq!(total.get(), THREADS * rounds * each);
    }

    #[test]
    fn a_thread_that_ends_still_counts() {
        struct Last(std::sync::Arc<Total>);
        impl Drop for Last {
            fn drop(&mut self) {
                self.0.increment(1);
            }
        }
        thread_local!(static LAST: Cell<Option<Last>> = const { Cell::new(None) });
        let total = std::sync::Arc::<Total>::default();
        let counted = total.clone();
        let ended = std::thread::spawn(move || {
            LAST.set(Some(Last(counted.clone())));
            counted.increment(1);
        });
        ended.join().expect("it does not panic");
        assert_eq!(total.get(), 2);
    }
}
