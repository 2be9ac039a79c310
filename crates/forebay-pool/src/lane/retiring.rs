//! How sessions end of age: their replacement is opened first where there is room, so that nobody waits for it.

use super::sessions::{Lane, State};
use crate::{counts::Gone, session::Session};
use std::{mem, sync::Arc, time::Instant};

impl Lane {
    /// Whether the lifetime of a session ends soon: it is lent until its replacement is there, or until it does.
    pub(super) fn is_due(&self, session: &Session, now: Instant) -> bool {
        session.is_past_lifetime(now + self.limits.retire_lead)
    }

    /// Why a session is not lent again, if so.
    pub(super) fn is_over(&self, session: &Session, now: Instant) -> Option<Gone> {
        if session.is_closed() {
            Some(Gone::Lost)
        } else if !self.is_current(session) {
            Some(Gone::Epoch)
        } else if session.has_old_login() {
            Some(Gone::Login)
        } else {
            session.is_past_lifetime(now).then_some(Gone::Lifetime)
        }
    }

    /// Closes sessions that are not counted any more; `usual` says why those end that are not over.
    #[expect(clippy::vec_box, reason = "a session moves between list, queue and lease as one pointer")]
    pub(super) fn close_all(&self, gone: Vec<Box<Session>>, why: impl Fn(&Session) -> Gone) {
        for session in gone {
            self.meters.closed.count(why(&session));
        }
    }

    /// Closes idle sessions that are dead, too old, or idle for too long, and has those replaced that soon will be.
    pub(super) fn sweep(self: &Arc<Self>, now: Instant) {
        let (gone, connect) = {
            let mut state = self.state();
            let mut keep = self.idle_min();
            let (kept, mut gone): (Vec<_>, Vec<_>) =
                mem::take(&mut state.idle).into_iter().rev().partition(|session| {
                    let alive = self.is_over(session, now).is_none();
                    let wanted = keep > 0
                        || now.saturating_duration_since(session.idle_since) < self.limits.idle_timeout;
                    keep = if alive { keep.saturating_sub(1) } else { keep };
                    alive && wanted
                });
            state.idle = kept.into_iter().rev().collect();
            state.size -= gone.len();
            state.replaced = state.replaced.saturating_sub(gone.len());
            let connect = self.turn_over(&mut state, now, &mut gone);
            (gone, connect)
        };
        self.close_all(gone, |session| self.why_swept(session, now));
        if connect {
            self.connect();
        }
    }

    /// What is not over by itself was replaced, or not needed.
    pub(super) fn why_swept(&self, session: &Session, now: Instant) -> Gone {
        let due = if self.is_due(session, now) { Gone::Lifetime } else { Gone::Idle };
        self.is_over(session, now).unwrap_or(due)
    }

    /// Takes out idle sessions whose replacement is there; whether another has to be opened.
    #[expect(clippy::vec_box, reason = "a session moves between list, queue and lease as one pointer")]
    pub(super) fn turn_over(&self, state: &mut State, now: Instant, gone: &mut Vec<Box<Session>>) -> bool {
        while state.replaced > 0
            && let Some(at) = state.idle.iter().position(|session| self.is_due(session, now))
        {
            state.replaced -= 1;
            state.size -= 1;
            gone.push(state.idle.remove(at));
        }
        // What is kept ready, and what was in use of late; anything else just ends.
        let needed = |session: &Session| {
            state.idle.len() <= self.idle_min()
                || now.saturating_duration_since(session.idle_since) < self.limits.retire_lead
        };
        let replace = state.idle.iter().any(|session| self.is_due(session, now) && needed(session));
        replace && !state.closed && state.wants_replacement()
    }
}

impl State {
    /// Counts a connect for the replacement of a session, one at a time, when there is room beside the old one.
    pub(super) const fn wants_replacement(&mut self) -> bool {
        let wants = !self.paused && self.size < self.max && self.replacing + self.replaced == 0;
        if wants {
            self.size += 1;
            self.connecting += 1;
            self.replacing += 1;
        }
        wants
    }
}
