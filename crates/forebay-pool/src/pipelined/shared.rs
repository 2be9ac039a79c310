//! The shared sessions of one server.

use super::{settings::Settings, slow::Slow, track::Track};
use crate::lane::{Caller, Lane, LaneTerms, Work};
use std::{
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tokio::sync::mpsc;

/// The shared sessions of one server. They are opened when somebody asks for one, in the background.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Opens them, counts them, and takes them back.
    pub(crate) lane: Arc<Lane>,
    sessions_max: usize,
    settings: Settings,
    slow: Arc<Slow>,
    tracks: RwLock<Vec<Laid>>,
    /// Somebody asked for one more.
    wanted: AtomicBool,
    /// Behind a transaction pooler, where a session is nobody's for longer than a transaction.
    useless: AtomicBool,
    work: mpsc::UnboundedSender<Work>,
}

#[derive(Debug)]
struct Laid {
    track: Arc<Track>,
    used_at: Instant,
}

impl Shared {
    pub(crate) fn new(
        lane: Arc<Lane>,
        sessions_max: usize,
        settings: Settings,
        slow: Arc<Slow>,
        work: mpsc::UnboundedSender<Work>,
    ) -> Self {
        Self {
            lane,
            sessions_max,
            settings,
            slow,
            tracks: RwLock::default(),
            wanted: AtomicBool::new(false),
            useless: AtomicBool::new(false),
            work,
        }
    }

    /// The one with the least to do.
    pub(super) fn track(&self, caller: Caller) -> Option<Arc<Track>> {
        let (best, missing) = {
            let tracks = self.tracks();
            let open = tracks.iter().map(|laid| &laid.track).filter(|track| track.is_open());
            let best = open.min_by_key(|track| track.in_flight.load(Ordering::Relaxed)).map(Arc::clone);
            let dead = best.is_none() && tracks.iter().any(|laid| !laid.track.is_alive());
            (best, dead || tracks.len() < self.sessions_max)
        };
        if missing && !self.useless.load(Ordering::Relaxed) {
            self.lay(caller);
        }
        best
    }

    /// Prepares a text on one of them, later.
    pub(super) fn prepare_later(&self, track: &Arc<Track>, sql: &str) {
        // Without a supervisor the pool is closing.
        drop(self.work.send(Work::Prepare(Arc::clone(track), sql.into())));
    }

    /// Takes in the sessions that were opened meanwhile, and has more opened where some are missing.
    fn lay(&self, caller: Caller) {
        let mut tracks = self.tracks.write().unwrap_or_else(PoisonError::into_inner);
        tracks.retain(|laid| {
            let alive = laid.track.is_alive();
            if !alive {
                laid.track.retire();
            }
            alive
        });
        while tracks.len() < self.sessions_max
            && let Some(lease) = self.lane.try_take(caller)
        {
            if lease.is_pooled() {
                self.useless.store(true, Ordering::Relaxed);
                return;
            }
            let track = Track::new(lease, self.settings, Arc::clone(&self.slow));
            if self.work.send(Work::Carry(Arc::clone(&track))).is_err() {
                return;
            }
            tracks.push(Laid { track, used_at: Instant::now() });
        }
        let missing = self.sessions_max - tracks.len();
        drop(tracks);
        if missing == 0 {
            return;
        }
        if self.lane.has_failed() {
            // Not at once again: at the next look.
            self.wanted.store(true, Ordering::Relaxed);
        } else {
            self.lane.warm(missing);
        }
    }

    /// Called about once a second: those that are old or idle are given back, and what is missing is opened.
    pub(crate) fn tend(&self, now: Instant) {
        let mut tracks = self.tracks.write().unwrap_or_else(PoisonError::into_inner);
        tracks.retain_mut(|Laid { track, used_at }| {
            if track.was_used() {
                *used_at = now;
            }
            let idle = now.saturating_duration_since(*used_at);
            let stays =
                track.is_alive() && !track.lease.is_past_lifetime(now) && idle < self.settings.idle_timeout;
            if !stays {
                track.retire();
            }
            stays
        });
        let missing = self.sessions_max.saturating_sub(tracks.len());
        drop(tracks);
        if self.wanted.swap(false, Ordering::Relaxed) && self.lane.endpoint.is_usable() {
            self.lane.warm(missing);
        }
    }

    /// Lends on these terms from now on; while they are paused there are none.
    pub(crate) fn lend_on(&self, paused: bool) {
        if self.sessions_max > 0 {
            self.lane.lend_on(LaneTerms { max: self.sessions_max, paused });
        }
        if paused {
            self.release();
        }
    }

    /// Gives all of them back, each when what was sent on it is answered.
    pub(crate) fn release(&self) {
        let mut tracks = self.tracks.write().unwrap_or_else(PoisonError::into_inner);
        tracks.drain(..).for_each(|laid| laid.track.retire());
    }

    fn tracks(&self) -> RwLockReadGuard<'_, Vec<Laid>> {
        self.tracks.read().unwrap_or_else(PoisonError::into_inner)
    }
}
