//! What a lane is told while it is in use: to pause, to go on, to change its size, to end.

use super::{sessions::Lane, terms::LaneTerms};
use crate::counts::Gone;
use std::{mem, sync::Arc, time::Instant};

impl Lane {
    /// From now on sessions are lent on these terms.
    pub(crate) fn lend_on(self: &Arc<Self>, terms: LaneTerms) {
        self.resize(terms.max);
        if terms.paused {
            self.pause();
        } else {
            self.resume();
        }
    }

    /// Lends nothing from now on; callers wait.
    fn pause(&self) {
        self.state().paused = true;
    }

    /// Serves those who wait, and lends again.
    fn resume(self: &Arc<Self>) {
        let mut connects = 0;
        let gone = {
            let now = Instant::now();
            let mut state = self.state();
            if !mem::take(&mut state.paused) {
                return;
            }
            // What they waited for until now is not overload.
            state.queue.begin_again(now);
            let (alive, gone): (Vec<_>, Vec<_>) = mem::take(&mut state.idle)
                .into_iter()
                .partition(|session| !session.is_closed() && self.is_current(session));
            state.size -= gone.len();
            for session in alive {
                if let Some(session) = self.hand_on(&mut state, session, now) {
                    state.idle.push(session);
                }
            }
            while state.wants_connect() {
                connects += 1;
            }
            gone
        };
        self.close_all(gone, |session| if session.is_closed() { Gone::Lost } else { Gone::Epoch });
        for _ in 0..connects {
            self.connect();
        }
    }

    /// Changes how many sessions there may be. What is too many is closed: idle ones now, the others when they
    /// come back.
    fn resize(self: &Arc<Self>, max: usize) {
        let mut connects = 0;
        let gone: Vec<_> = {
            let mut state = self.state();
            state.max = max;
            let surplus = state.size.saturating_sub(max).min(state.idle.len());
            state.size -= surplus;
            while state.wants_connect() {
                connects += 1;
            }
            // The coldest.
            state.idle.drain(..surplus).collect()
        };
        self.close_all(gone, |_| Gone::Resized);
        for _ in 0..connects {
            self.connect();
        }
    }

    /// Refuses new callers, tells those who wait, closes what is idle.
    pub(crate) fn close(&self) {
        let (idle, queue) = {
            let mut state = self.state();
            state.closed = true;
            state.size -= state.idle.len();
            (mem::take(&mut state.idle), mem::take(&mut state.queue))
        };
        drop(queue);
        self.close_all(idle, |_| Gone::Shutdown);
        self.emptied.notify_waiters();
    }

    /// Resolves when a closed lane has no sessions left.
    pub(crate) async fn emptied(&self) {
        loop {
            let rung = self.emptied.notified();
            if self.state().size == 0 {
                return;
            }
            rung.await;
        }
    }
}
