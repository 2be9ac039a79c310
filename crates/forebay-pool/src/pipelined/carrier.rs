//! The task behind a shared session: it takes the answers in, in the order in which they were asked for.
//!
//! A caller that did this by itself could stop the others: the driver hands on no answer while somebody ahead does not
//! take his, and a future that is not looked at (in a buffered stream, beside a branch of `select!`) takes nothing.

use super::track::{Sent, Track, Verdict};
use crate::session::Answer;
use std::{
    collections::VecDeque,
    future::{Future as _, poll_fn},
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};
use tokio_postgres::{Error, error::SqlState};

/// Answers handed on before others have their turn on this worker.
const AT_ONCE: usize = 64;

/// Runs until the track is retired and everything sent on it is answered.
pub(crate) async fn carry(track: Arc<Track>) {
    let now = Instant::now();
    let alarm = Box::pin(tokio::time::sleep_until(now));
    let mut carrier = Carrier { track, jobs: VecDeque::new(), since: now, alarm, armed: false };
    poll_fn(|cx| carrier.poll(cx)).await;
}

struct Carrier {
    track: Arc<Track>,
    /// In the order of the wire.
    jobs: VecDeque<Sent>,
    /// When the last answer was complete: since then the server works on the first of `jobs`.
    since: Instant,
    /// Set once for many statements.
    alarm: Pin<Box<Sleep>>,
    armed: bool,
}

enum Advance {
    Answered,
    /// For the server, or for callers.
    Waits,
    Over,
}

impl Carrier {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.track.bell.0.register(cx.waker());
        for _ in 0..AT_ONCE {
            match self.advance() {
                Advance::Answered => {}
                Advance::Waits => {
                    self.watch(cx);
                    return Poll::Pending;
                }
                Advance::Over => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn advance(&mut self) -> Advance {
        if self.jobs.is_empty() && self.track.take_over(&mut self.jobs).is_none() {
            return Advance::Over;
        }
        let Some(first) = self.jobs.front_mut() else { return Advance::Waits };
        // Only the first: the others' answers come later, and each of them has the same waker.
        match first.work.as_mut().poll(&mut Context::from_waker(&self.track.waker)) {
            Poll::Pending => Advance::Waits,
            Poll::Ready(result) => {
                let now = Instant::now();
                if let Some(job) = self.jobs.pop_front() {
                    self.ended(job, result, now);
                }
                self.since = now;
                Advance::Answered
            }
        }
    }

    fn ended(&self, job: Sent, result: Result<Answer, Error>, now: Instant) {
        let track = &*self.track;
        track.in_flight.fetch_sub(1, Ordering::Relaxed);
        if track.blocked.load(Ordering::Relaxed) {
            track.blocked.store(false, Ordering::Relaxed);
        }
        let endpoint = &track.lease.lane().endpoint;
        if !track.lease.is_standby(endpoint.is_standby()) {
            endpoint.doubt();
        }
        let stopped = result.as_ref().is_err_and(|error| error.code() == Some(&SqlState::QUERY_CANCELED));
        let slow = stopped || self.worked_on(&job, now) >= track.settings.slow;
        // While something is being prepared, a lock that it waits for is not the statement's fault.
        if (!slow || track.preparing.load(Ordering::Relaxed) == 0)
            && (job.prepared.pace.is_too_slow(slow) || stopped)
        {
            track.slow.learn(job.fingerprint);
        }
        if let Some(hand) = job.hand {
            // Nobody may be there any more: his statement was short, and so it was left to run.
            drop(hand.send(Verdict::Ended(result)));
        }
    }

    /// For how long the server has worked on the first of what was sent.
    fn worked_on(&self, first: &Sent, now: Instant) -> Duration {
        now.saturating_duration_since(self.since.max(first.at))
    }

    /// Sends those elsewhere who wait behind something slow. The alarm goes on while anything is under way, so that a
    /// statement mostly costs none.
    fn watch(&mut self, cx: &mut Context<'_>) {
        let slow = self.track.settings.slow;
        if !self.armed {
            if self.jobs.is_empty() {
                return;
            }
            self.armed = true;
            self.alarm.as_mut().reset(Instant::now() + slow);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let worked = self.jobs.front().map(|first| self.worked_on(first, now));
            let next = match worked {
                None if self.track.rests() => {
                    self.armed = false;
                    return;
                }
                Some(worked) if worked >= slow => {
                    self.make_way();
                    // Somebody may just be sending more.
                    slow
                }
                Some(worked) => slow - worked,
                None => slow,
            };
            self.alarm.as_mut().reset(now + next);
        }
    }

    fn make_way(&mut self) {
        self.track.blocked.store(true, Ordering::Relaxed);
        // A track that is retired has nothing new.
        let _more = self.track.take_over(&mut self.jobs);
        for job in self.jobs.iter_mut().skip(1) {
            if let Some(hand) = job.hand.take() {
                drop(hand.send(Verdict::HeldUp));
            }
        }
    }
}
