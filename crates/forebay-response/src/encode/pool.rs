use std::sync::{Mutex, MutexGuard, PoisonError};

/// Encoders at rest. A fresh encoder costs more than a small body does: its tables are hundreds of kilobytes
/// that the system hands out page by page, so they are used again.
#[derive(Debug)]
pub(super) struct Pool<T> {
    idle: Mutex<Vec<T>>,
    /// How many are kept. More exist only while more threads encode at the same moment.
    idle_max: usize,
}

impl<T> Pool<T> {
    pub(super) const fn new(idle_max: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), idle_max }
    }

    /// Lends an encoder to `f`. One that panics is dropped with its state.
    pub(super) fn with<R>(&self, make: impl FnOnce() -> T, f: impl FnOnce(&mut T) -> R) -> R {
        let taken = self.lock().pop();
        let mut encoder = taken.unwrap_or_else(make);
        let result = f(&mut encoder);
        let mut idle = self.lock();
        if idle.len() < self.idle_max {
            idle.push(encoder);
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        // Encoders are used outside of the lock, so a poisoned list is still a good list.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
