use crate::{Position, Positions, Reach, RequestId, Slot, Tag, TagsRead, reach::Reached, slot::Slots};
use std::{
    any::Any,
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    task::{JoinHandle, futures::TaskLocalFuture},
    time::Instant,
};

tokio::task_local! {
    static CURRENT: Scope;
}

/// A future that runs inside a scope; made by [`Scope::run`].
pub type Scoped<F> = TaskLocalFuture<Scope, F>;

/// What belongs to one request. Cloning is one reference count; all clones are the same scope.
///
/// Everything here is shared by every task of the request. No method waits or does I/O.
#[derive(Debug, Clone)]
pub struct Scope(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: RequestId,
    deadline: Option<Instant>,
    /// Set once by a read that could not be served at or after what the scope required.
    behind: AtomicBool,
    /// Set once by the first requirement, so that a scope without one costs one load and no lock.
    requires: AtomicBool,
    state: Mutex<State>,
    /// The scope of the whole request, where this is a part of it.
    whole: Option<Scope>,
    /// Of the whole request; unused in its parts.
    slots: Slots,
}

#[derive(Debug, Clone, Default)]
struct State {
    /// What the scope's reads must have reached.
    required: Positions,
    /// What the scope itself wrote: the positions an invalidation issued in it stands for.
    written: Positions,
    /// What the servers of its reads had reached.
    reached: Reached,
    tags: TagsRead,
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

impl Scope {
    /// A fresh scope with an id of its own, no deadline and no requirement.
    #[must_use]
    pub fn new() -> Self {
        Self::build(RequestId::next(), None, State::default(), None)
    }

    /// A fresh scope whose work is worth nothing after `deadline`.
    #[must_use]
    pub fn with_deadline(deadline: Instant) -> Self {
        Self::build(RequestId::next(), Some(deadline), State::default(), None)
    }

    fn build(id: RequestId, deadline: Option<Instant>, state: State, whole: Option<Self>) -> Self {
        let requires = AtomicBool::new(!state.required.is_empty());
        Self(Arc::new(Inner {
            id,
            deadline,
            behind: AtomicBool::new(false),
            requires,
            state: Mutex::new(state),
            whole,
            slots: Slots::default(),
        }))
    }

    /// A scope for one piece of work inside this one, such as one load of a cache: same id and deadline, and
    /// the same requirements to begin with, but tags, writes, what its reads [reached](Self::saw) and the
    /// [behind](Self::is_behind) mark of its own.
    ///
    /// Give it back with [`Scope::absorb`] when the work ends.
    #[must_use]
    pub fn child(&self) -> Self {
        let required = self.state().required.clone();
        self.part(self.0.deadline, required)
    }

    /// A scope for work that this one waits for, but that may outlive it: like a [child](Self::child), without the deadline.
    #[must_use]
    pub fn detached(&self) -> Self {
        let required = self.state().required.clone();
        self.part(None, required)
    }

    fn part(&self, deadline: Option<Instant>, required: Positions) -> Self {
        let state = State { required, ..State::default() };
        Self::build(self.0.id, deadline, state, Some(self.whole().clone()))
    }

    fn whole(&self) -> &Self {
        self.0.whole.as_ref().unwrap_or(self)
    }

    /// The request's value in `slot`, which its parts share; made if there is none.
    pub fn slot<T: Any + Send + Sync>(&self, slot: &Slot<T>, make: impl FnOnce() -> T) -> Arc<T> {
        self.whole().0.slots.get(slot, make)
    }

    /// The request's value in `slot`, if it has one.
    #[must_use]
    pub fn find<T: Any + Send + Sync>(&self, slot: &Slot<T>) -> Option<Arc<T>> {
        self.whole().0.slots.find(slot)
    }

    /// Takes over what a child collected: its tags, its writes (which the scope's later reads must then see),
    /// what its reads came to require and had reached, and whether it was behind.
    pub fn absorb(&self, child: &Self) {
        if Arc::ptr_eq(&self.0, &child.0) {
            return;
        }
        let State { required, written, reached, tags } = child.state().clone();
        if child.is_behind() {
            self.mark_behind();
        }
        let mut state = self.state();
        // More than what was written: a write whose end is not known is only required.
        state.required.merge_all(&required);
        state.written.merge_all(&written);
        state.reached.add_all(&reached);
        state.tags.absorb(tags);
        self.0.requires.fetch_or(!state.required.is_empty(), Ordering::Release);
    }

    /// The scope this task runs in, if any.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Calls `f` with the scope this task runs in, without counting a reference; `None` outside of any.
    pub fn with_current<R>(f: impl FnOnce(&Self) -> R) -> Option<R> {
        CURRENT.try_with(f).ok()
    }

    /// Runs `future` inside this scope. Dropping the returned future drops `future`; the scope stays valid.
    pub fn run<F: Future>(&self, future: F) -> Scoped<F> {
        CURRENT.scope(self.clone(), future)
    }

    /// Names the request.
    #[must_use]
    pub fn id(&self) -> RequestId {
        self.0.id
    }

    /// When the request's answer stops being useful.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// How long is left until the deadline; zero when it has passed, `None` when there is none.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.0.deadline.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// From now on, reads of this scope must be served at or after `position`.
    pub fn require(&self, position: Position) {
        self.state().required.merge(position);
        self.0.requires.store(true, Ordering::Release);
    }

    /// [`Scope::require`] for several systems at once.
    pub fn require_all(&self, positions: &Positions) {
        if positions.is_empty() {
            return;
        }
        self.state().required.merge_all(positions);
        self.0.requires.store(true, Ordering::Release);
    }

    /// The position that reads from one database system must have reached.
    #[must_use]
    pub fn required(&self, system: u64) -> Option<Position> {
        if !self.0.requires.load(Ordering::Acquire) {
            return None;
        }
        self.state().required.of(system)
    }

    /// What reads of this scope must have reached, per database system.
    #[must_use]
    pub fn requirements(&self) -> Positions {
        if self.0.requires.load(Ordering::Acquire) {
            self.state().required.clone()
        } else {
            Positions::default()
        }
    }

    /// Notes a write of this scope that was acknowledged at `position`: later reads must see it, and an
    /// invalidation issued from here carries it.
    pub fn wrote(&self, position: Position) {
        let mut state = self.state();
        state.written.merge(position);
        state.required.merge(position);
        self.0.requires.store(true, Ordering::Release);
    }

    /// The newest acknowledged write per database system.
    #[must_use]
    pub fn written(&self) -> Positions {
        self.state().written.clone()
    }

    /// Notes the tags of something that was read.
    pub fn read(&self, tags: impl IntoIterator<Item = Tag>) {
        for tag in tags {
            // Locked for each tag: the iterator is the caller's code, and may well ask this scope something.
            self.state().tags.add(tag);
        }
    }

    /// The tags of everything read so far.
    #[must_use]
    pub fn tags(&self) -> TagsRead {
        self.state().tags.clone()
    }

    /// Notes how far the server of a read had got in the log of a database system, before the read began.
    pub fn reached(&self, system: u64, reach: Reach) {
        self.state().reached.add(system, reach);
    }

    /// Whether every read of that database system saw everything up to `needed`, which was acknowledged before the
    /// first of them began. Without any [noted](Self::reached) read that is not known, and `false`.
    #[must_use]
    pub fn saw(&self, needed: Position) -> bool {
        self.state().reached.covers(needed)
    }

    /// Notes that a read was served from a server that may not have reached what the scope requires. What is
    /// built from it may be returned to its caller, and must not be stored.
    pub fn mark_behind(&self) {
        self.0.behind.store(true, Ordering::Release);
    }

    /// Whether any read was [behind](Self::mark_behind).
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.0.behind.load(Ordering::Acquire)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave the state half written: each update is one merge or one push.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// [`tokio::spawn`], with the spawned task inside the caller's scope (if it has one).
///
/// # Panics
/// Outside of a tokio runtime, like `tokio::spawn`.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match Scope::current() {
        Some(scope) => tokio::spawn(scope.run(future)),
        None => tokio::spawn(future),
    }
}
