//! From where a statement is called.

use std::{
    panic::Location,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// Calls by place, for as many places as there is room.
#[derive(Debug)]
pub(super) struct Places {
    known: Box<[Place]>,
    /// Calls from places that found no room.
    others: AtomicU64,
}

#[derive(Debug, Default)]
struct Place {
    /// Given once, by the first call from it.
    at: OnceLock<&'static Location<'static>>,
    calls: AtomicU64,
}

impl Places {
    pub(super) fn new(max: usize) -> Self {
        Self { known: (0..max).map(|_| Place::default()).collect(), others: AtomicU64::new(0) }
    }

    pub(super) fn note(&self, place: &'static Location<'static>) {
        let calls = self.known.iter().find_map(|known| {
            let at = *known.at.get_or_init(|| place);
            // One line may have several statics.
            (std::ptr::eq(at, place) || at == place).then_some(&known.calls)
        });
        calls.unwrap_or(&self.others).fetch_add(1, Ordering::Relaxed);
    }

    /// Each place with its calls, those with the most first.
    pub(super) fn all(&self) -> Vec<(&'static Location<'static>, u64)> {
        let mut all: Vec<_> = self
            .known
            .iter()
            .filter_map(|known| Some((*known.at.get()?, known.calls.load(Ordering::Relaxed))))
            .collect();
        all.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
        all
    }

    pub(super) fn others(&self) -> u64 {
        self.others.load(Ordering::Relaxed)
    }
}
