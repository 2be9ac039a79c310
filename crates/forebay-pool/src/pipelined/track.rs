//! One shared session, and what was sent on it.

use super::{encoded::Encoded, settings::Settings, slow::Slow};
use crate::{lease::Lease, session::Answer, statements::Prepared};
use forebay_sql::Fingerprint;
use forebay_traffic::Call;
use futures_util::task::AtomicWaker;
use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};
use tokio::{sync::oneshot, time::Instant};
use tokio_postgres::{Error, Statement};

/// What a caller hears of a statement.
#[derive(Debug)]
pub(super) enum Verdict {
    Ended(Result<Answer, Error>),
    /// Something slow is ahead of it: it is better asked elsewhere. Its answer will be thrown away.
    HeldUp,
}

/// A statement that was sent.
pub(super) struct Sent {
    pub(super) work: Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>,
    /// `None` once the caller was told to go elsewhere.
    pub(super) hand: Option<oneshot::Sender<Verdict>>,
    pub(super) prepared: Arc<Prepared>,
    pub(super) fingerprint: Fingerprint,
    pub(super) at: Instant,
    /// Counts as work of its server, for the balancer.
    _call: Call,
}

/// One shared session. It goes back to its lane with the last handle.
pub(crate) struct Track {
    pub(super) lease: Arc<Lease>,
    pub(super) settings: Settings,
    pub(super) slow: Arc<Slow>,
    /// What its task has not taken over yet. Whoever sends holds the lock, so the order here is that on the wire.
    inbox: Mutex<VecDeque<Sent>>,
    /// Sent and not answered.
    pub(super) in_flight: AtomicUsize,
    /// Statements being prepared: what is slow meanwhile may be so because of them.
    pub(super) preparing: AtomicUsize,
    /// Something slow is at its head: nothing more is sent.
    pub(super) blocked: AtomicBool,
    /// Nothing more is sent, for good; written under the lock of `inbox`.
    retired: AtomicBool,
    /// Nothing was under way for a while, so its task has to be told of the next statement; as above.
    rests: AtomicBool,
    /// Something was sent since the last look.
    used: AtomicBool,
    pub(super) bell: Arc<Bell>,
    /// Rings the bell.
    pub(super) waker: Waker,
}

/// Wakes the task of a track: what is sent needs a waker before it is known which task that is.
#[derive(Debug, Default)]
pub(super) struct Bell(pub(super) AtomicWaker);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake();
    }
}

impl Track {
    pub(super) fn new(lease: Lease, settings: Settings, slow: Arc<Slow>) -> Arc<Self> {
        let bell = Arc::new(Bell::default());
        Arc::new(Self {
            lease: Arc::new(lease),
            settings,
            slow,
            inbox: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            preparing: AtomicUsize::new(0),
            blocked: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            rests: AtomicBool::new(true),
            used: AtomicBool::new(true),
            waker: Waker::from(Arc::clone(&bell)),
            bell,
        })
    }

    /// Sends a kept statement; `None` when this is not the time for one more.
    pub(super) fn send(
        &self,
        prepared: Arc<Prepared>,
        statement: Statement,
        params: Vec<Encoded>,
        fingerprint: Fingerprint,
    ) -> Option<oneshot::Receiver<Verdict>> {
        let (hand, handed) = oneshot::channel();
        let work: Pin<Box<dyn Future<Output = _> + Send>> = {
            let lease = Arc::clone(&self.lease);
            Box::pin(async move { lease.run_kept(&statement, params).await })
        };
        let call = self.lease.lane().endpoint.member.start();
        let mut sent =
            Sent { work, hand: Some(hand), prepared, fingerprint, at: Instant::now(), _call: call };
        self.used.store(true, Ordering::Relaxed);
        let mut inbox = self.inbox();
        if self.retired.load(Ordering::Relaxed)
            || self.in_flight.load(Ordering::Relaxed) >= self.settings.depth_max
        {
            return None;
        }
        // The first look at it is what sends it. The answer rings for the task of this track.
        match sent.work.as_mut().poll(&mut Context::from_waker(&self.waker)) {
            Poll::Pending => {
                self.in_flight.fetch_add(1, Ordering::Relaxed);
                inbox.push_back(sent);
                if self.rests.load(Ordering::Relaxed) {
                    self.rests.store(false, Ordering::Relaxed);
                    drop(inbox);
                    self.waker.wake_by_ref();
                }
            }
            Poll::Ready(result) => {
                drop(inbox);
                if let Some(hand) = sent.hand {
                    drop(hand.send(Verdict::Ended(result)));
                }
            }
        }
        Some(handed)
    }

    /// Whether statements may be sent on it now.
    pub(super) fn is_open(&self) -> bool {
        !self.blocked.load(Ordering::Relaxed)
            && self.is_alive()
            && self.in_flight.load(Ordering::Relaxed) < self.settings.depth_max
    }

    /// Whether statements may be sent on it sooner or later.
    pub(super) fn is_alive(&self) -> bool {
        !self.retired.load(Ordering::Relaxed)
            && !self.lease.is_closed()
            && self.lease.epoch == self.lease.lane().endpoint.epoch()
    }

    /// Ends it once everything that was sent is answered.
    pub(super) fn retire(&self) {
        let inbox = self.inbox();
        self.retired.store(true, Ordering::Relaxed);
        drop(inbox);
        self.waker.wake_by_ref();
    }

    /// Moves what was sent to the end of `jobs`; `None` when nothing was, and nothing will be.
    pub(super) fn take_over(&self, jobs: &mut VecDeque<Sent>) -> Option<()> {
        let mut inbox = self.inbox();
        if inbox.is_empty() && self.retired.load(Ordering::Relaxed) {
            return None;
        }
        jobs.append(&mut inbox);
        Some(())
    }

    /// Whether nothing is under way; whoever sends next tells the task of it.
    pub(super) fn rests(&self) -> bool {
        let inbox = self.inbox();
        self.rests.store(inbox.is_empty(), Ordering::Relaxed);
        inbox.is_empty()
    }

    /// Whether anything was sent since this was asked last.
    pub(super) fn was_used(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed)
    }

    /// Prepares a text for those who ask for it next.
    pub(crate) async fn prepare(&self, sql: &str) {
        self.preparing.fetch_add(1, Ordering::Relaxed);
        // Whoever sends it the usual way is told what is wrong with it.
        drop(self.lease.keep(sql).await);
        self.preparing.fetch_sub(1, Ordering::Relaxed);
    }

    fn inbox(&self) -> MutexGuard<'_, VecDeque<Sent>> {
        // Each update is complete before anything that could panic.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Track")
            .field("in_flight", &self.in_flight)
            .field("blocked", &self.blocked)
            .finish_non_exhaustive()
    }
}
