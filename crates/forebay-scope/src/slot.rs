use std::{
    any::Any,
    fmt,
    marker::PhantomData,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// A place in every scope for one value of somebody who watches requests, made at its first use and dropped when the request
/// has ended: with the last clone of its scope, children and [detached](crate::Scope::detached) ones included.
///
/// Two slots never share a value, so that two watchers of one type in one process do not meet.
///
/// ```
/// use forebay_scope::{Scope, Slot};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// let statements = Slot::<AtomicU32>::new();
/// let scope = Scope::new();
/// scope.slot(&statements, AtomicU32::default).fetch_add(1, Ordering::Relaxed);
/// assert_eq!(scope.child().slot(&statements, AtomicU32::default).load(Ordering::Relaxed), 1);
/// ```
pub struct Slot<T> {
    id: u64,
    holds: PhantomData<fn() -> T>,
}

impl<T: Any + Send + Sync> Slot<T> {
    /// A slot that no scope has a value in.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), holds: PhantomData }
    }
}

impl<T: Any + Send + Sync> Default for Slot<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({})", self.id)
    }
}

/// The values of one request; a process has few slots, so a scan finds one.
#[derive(Default)]
pub(crate) struct Slots(Mutex<Vec<(u64, Arc<dyn Any + Send + Sync>)>>);

impl Slots {
    pub(crate) fn get<T: Any + Send + Sync>(&self, slot: &Slot<T>, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(there) = self.find(slot) {
            return there;
        }
        // Made without the lock: it is the caller's code.
        let made = Arc::new(make());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = found(&all, slot) {
            return there;
        }
        all.push((slot.id, Arc::clone(&made) as _));
        made
    }

    pub(crate) fn find<T: Any + Send + Sync>(&self, slot: &Slot<T>) -> Option<Arc<T>> {
        found(&self.0.lock().unwrap_or_else(PoisonError::into_inner), slot)
    }
}

fn found<T: Any + Send + Sync>(all: &[(u64, Arc<dyn Any + Send + Sync>)], slot: &Slot<T>) -> Option<Arc<T>> {
    let (_, value) = all.iter().find(|(id, _)| *id == slot.id)?;
    Arc::clone(value).downcast().ok()
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slots")
    }
}
