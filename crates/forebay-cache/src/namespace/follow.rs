use super::{
    backplane::Backplane,
    space::{Inner, Namespace},
};
use crate::{
    CacheEvent, Heard, Mark, Missed,
    guards::{self, Guard},
};
use std::{
    sync::{Arc, PoisonError, Weak, atomic::Ordering},
    time::Duration,
};
use tokio::{task::JoinSet, time::Instant};

/// How long the events before a gap may still be on their way before they are asked for.
const GAP_PATIENCE: Duration = Duration::from_millis(50);
/// How long a sequencer that did not answer is left alone.
const RETRY: Duration = Duration::from_millis(500);
/// As good as for ever, and within what an instant can be moved.
const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// Starts to follow the backplane, if there is one.
pub(super) fn start(space: &Namespace) {
    if let Some(backplane) = &space.0.backplane {
        let task = tokio::spawn(supervise(Arc::downgrade(&space.0)));
        *backplane.follower.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
    }
}

/// Follows again after a panic, which is a sequencer's or a value's: what this node holds must not be trusted unwatched.
async fn supervise(space: Weak<Inner>) {
    loop {
        // Ends with this task.
        let mut follower = JoinSet::new();
        follower.spawn(follow(space.clone()));
        match follower.join_next().await {
            Some(Err(error)) if error.is_panic() => {
                tracing::error!(%error, "following the backplane panicked");
            }
            _ => return,
        }
        let Some(inner) = space.upgrade() else { return };
        if let Some(backplane) = &inner.backplane {
            backplane.broken.store(true, Ordering::Release);
        }
        let space = Namespace(inner);
        // Nobody listens until it has caught up.
        space.silent(true);
        space.suspect();
        drop(space);
        tokio::time::sleep(RETRY).await;
    }
}

async fn follow(space: Weak<Inner>) {
    let Some((sequencer, work)) = space.upgrade().and_then(|inner| {
        let backplane = inner.backplane.as_ref()?;
        Some((backplane.sequencer.clone(), backplane.work.clone()))
    }) else {
        return;
    };
    let mut follower = Follower::new();
    loop {
        let pause = {
            // Not held while waiting, so that the last clone ends the namespace and with it this task.
            let Some(inner) = space.upgrade() else { return };
            follower.work(&Namespace(inner)).await
        };
        let heard = tokio::select! {
            // News first; what is due is done after each anyway.
            biased;
            heard = sequencer.heard() => Some(heard),
            () = work.notified() => None,
            () = tokio::time::sleep_until(pause) => None,
        };
        let Some(inner) = space.upgrade() else { return };
        if let Some(heard) = heard {
            follower.hear(&Namespace(inner), heard);
        }
    }
}

struct Follower {
    /// When everything was last known to be applied, or suspected for want of a sign of life.
    trusted_since: Instant,
    /// When the present gap was first seen.
    gap_since: Option<Instant>,
    /// The sequencer did not answer: not to be asked before.
    retry_at: Option<Instant>,
}

impl Follower {
    fn new() -> Self {
        Self { trusted_since: Instant::now(), gap_since: None, retry_at: None }
    }

    fn hear(&mut self, space: &Namespace, heard: Heard) {
        let Some(backplane) = &space.0.backplane else { return };
        if !matches!(heard, Heard::Interrupted) {
            backplane.alive();
        }
        match heard {
            Heard::Event(event) => space.hear(&event, false),
            Heard::Alive(end) => {
                self.retry_at = None;
                if space.ledger().chain.differs_from(end) {
                    backplane.broken.store(true, Ordering::Release);
                }
            }
            Heard::Interrupted => backplane.broken.store(true, Ordering::Release),
        }
        // A sign of life that shows that something was missed is none before that was made good.
        if !backplane.broken.load(Ordering::Acquire) && !space.ledger().chain.has_gap() {
            self.trusted_since = Instant::now();
            space.silent(false);
        }
    }

    /// Does what is due, and says when to look again.
    async fn work(&mut self, space: &Namespace) -> Instant {
        let Some(backplane) = &space.0.backplane else { return Instant::now() + RETRY };
        let now = Instant::now();
        let gap = space.ledger().chain.has_gap();
        if gap && self.gap_since.is_none() {
            space.tell(|| CacheEvent::Gap);
        }
        self.gap_since = gap.then(|| self.gap_since.unwrap_or(now));
        let may_ask = self.retry_at.is_none_or(|at| at <= now);
        if may_ask {
            let patience_over = self.gap_since.is_some_and(|since| now >= since + GAP_PATIENCE);
            let asked =
                !*backplane.joined.borrow() || patience_over || backplane.broken.load(Ordering::Acquire);
            let answered = (!asked || self.catch_up(space, backplane).await) && flush(space, backplane).await;
            self.retry_at = (!answered).then(|| Instant::now() + RETRY);
            if answered && backplane.has_queued() {
                backplane.work.notify_one();
            }
        }
        let silence_max = backplane.silence_max.min(FAR);
        if self.trusted_since.elapsed() >= silence_max {
            self.trusted_since = Instant::now();
            // First, so that a load that still trusted a remote tier began before memory became suspect.
            space.silent(true);
            if guards::holds(Guard::Lease) {
                space.suspect();
            }
        }
        let gap_at = self.gap_since.map(|since| since + GAP_PATIENCE);
        let due = [Some(self.trusted_since + silence_max), self.retry_at.or(gap_at)];
        // Something is always due: the bound on silence.
        due.into_iter().flatten().min().unwrap_or(now + RETRY)
    }

    /// Asks what was missed, and applies it; `false` when there was no answer.
    async fn catch_up(&mut self, space: &Namespace, backplane: &Backplane) -> bool {
        // Before the question: what breaks the chain from here on needs another one.
        backplane.broken.store(false, Ordering::Release);
        let asked_at = Instant::now();
        let (mark, breaks) = space.ledger().asking();
        let Some(missed) = ask(space, backplane, mark).await else {
            space.0.meters.replays_failed.increment(1);
            backplane.broken.store(true, Ordering::Release);
            return false;
        };
        let complete = missed.complete && mark.is_some();
        space.tell(|| CacheEvent::Replayed { complete, missed: missed.events.len() });
        if complete {
            space.0.meters.replays_complete.increment(1);
            for event in &missed.events {
                space.replay(event);
            }
            space.ledger().replayed_to(&missed, breaks);
        } else {
            space.0.meters.replays_incomplete.increment(1);
            space.rejoin(&missed, breaks);
        }
        self.gap_since = None;
        self.trusted_since = asked_at;
        space.silent(false);
        backplane.joined.send_replace(true);
        true
    }
}

/// What came after `mark`. A chain that goes on without what this node heard of it is told so, and ends.
async fn ask(space: &Namespace, backplane: &Backplane, mark: Option<Mark>) -> Option<Missed> {
    let missed = backplane.missed(mark).await?;
    let lost = space.ledger().chain.lost_by(&missed.earlier);
    match lost {
        Some(lost) => backplane.missed(Some(lost)).await,
        None => Some(missed),
    }
}

/// Sends what waits for a number, in one call; `false` when there was no answer.
pub(super) async fn flush(space: &Namespace, backplane: &Backplane) -> bool {
    let (last, invalidations) = backplane.next_queued();
    if invalidations.is_empty() {
        return true;
    }
    let Some(events) = backplane.issue_all(&invalidations).await else { return false };
    events.iter().for_each(|event| space.issued(event));
    space.0.meters.queued.set(backplane.sent(last) as f64);
    true
}
