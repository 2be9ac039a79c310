//! Who may wait for a session, and who is refused at once.

use super::{
    access::Patience,
    caller::Caller,
    nested::{self, NestedPlaces},
    queue::{Handed, Refusal, Waiter},
    sessions::{Lane, State},
};
use crate::error::PoolError;
use std::{
    sync::{Arc, MutexGuard},
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, task};

impl Lane {
    /// A place in the queue, or a session that came back just now.
    pub(super) fn enqueue(
        self: &Arc<Self>,
        caller: Caller,
        patience: Patience,
        since: Instant,
    ) -> Result<oneshot::Receiver<Handed>, PoolError> {
        let (hand, handed) = oneshot::channel();
        let task = task::try_id();
        let mut state = self.state();
        if state.closed {
            return Err(PoolError::Closed);
        }
        // One may have come back between the look at the idle list and here.
        if !state.paused
            && let Some(session) = state.idle.pop()
        {
            let lease = self.lend(&mut state, session, caller, task);
            drop(state);
            drop(hand.send(Ok(lease)));
            return Ok(handed);
        }
        // A connect that is repeated in the background is what ends this; without one this caller begins it.
        if !state.paused
            && state.connecting > 0
            && let Some(failure) = state.hopeless().cloned()
        {
            drop(state);
            return Err(self.refused(Refusal::Unreachable(failure)));
        }
        let holds = task.and_then(|task| Some((task, state.loans.place_of(task)?)));
        if let Some((task, held_at)) = holds {
            state = self.note_nested(state, task, NestedPlaces { held_at, asked_at: caller.place })?;
        }
        let displaced = match state.refusal(self.limits.queue_max, caller, since) {
            None => None,
            // Whoever came last among the least important leaves, which may be this one.
            Some(refusal) => match state.queue.pop_newest_below(caller.priority) {
                Some(displaced) => Some((displaced, refusal)),
                None => {
                    drop(state);
                    return Err(self.refused(refusal));
                }
            },
        };
        state.queue.push(Waiter { hand, patience, caller, task, since });
        let connect = state.wants_connect();
        drop(state);
        if let Some((displaced, refusal)) = displaced {
            drop(displaced.hand.send(Err(refusal)));
        }
        if connect {
            self.connect();
        }
        Ok(handed)
    }

    /// A task that holds a session is about to wait for another.
    fn note_nested<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        task: task::Id,
        places: NestedPlaces,
    ) -> Result<MutexGuard<'a, State>, PoolError> {
        self.meters.nested.increment(1);
        let news = state.nested.note(places, self.limits.nested_places_max);
        let refused = self.limits.nested_refused
            && !state.paused
            && state.loans.len() >= state.max
            && nested::is_deadlock(&state.loans, &state.queue, task);
        let NestedPlaces { held_at, asked_at } = places;
        if news {
            tracing::warn!(
                endpoint = %self.endpoint.name,
                kind = self.access.as_str(),
                %held_at,
                %asked_at,
                "a task waits for a session while it holds one of the same kind; when all do, none goes on"
            );
        }
        if refused {
            return Err(PoolError::Nested { endpoint: self.endpoint.name.clone(), held_at, asked_at });
        }
        Ok(state)
    }

    /// What a caller is told whose wait was refused.
    pub(super) fn refused(&self, refusal: Refusal) -> PoolError {
        let endpoint = self.endpoint.name.clone();
        match refusal {
            Refusal::Unreachable(source) => PoolError::Connect { endpoint, source },
            Refusal::Full => {
                self.meters.queue_full.increment(1);
                PoolError::QueueFull { endpoint, limit: self.limits.queue_max }
            }
            Refusal::Overloaded { delay, retry_in } => {
                self.meters.shed.increment(1);
                PoolError::Overloaded { endpoint, delay, retry_in }
            }
        }
    }
}

impl State {
    /// Why one more waiter is too many.
    fn refusal(&mut self, queue_max: usize, caller: Caller, now: Instant) -> Option<Refusal> {
        if self.queue.len() >= queue_max {
            self.queue.forget_gone();
            if self.queue.len() >= queue_max {
                return Some(Refusal::Full);
            }
        }
        if self.paused {
            return None;
        }
        let delay = self.oldest_wait(caller, now)?;
        self.overload
            .is_too_much(caller.priority, delay, now)
            .then(|| Refusal::Overloaded { delay, retry_in: self.overload.retry_in(delay) })
    }

    fn oldest_wait(&self, caller: Caller, now: Instant) -> Option<Duration> {
        let oldest = self.queue.oldest(caller.priority)?;
        Some(now.saturating_duration_since(oldest.since))
    }
}
