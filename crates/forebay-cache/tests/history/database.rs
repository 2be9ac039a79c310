use super::KEYS;
use forebay_scope::{Position, Scope};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

const SYSTEM: u64 = 7;
const STANDBYS: usize = 2;

/// A database with rows whose versions only grow, and two standbys that lag as they like.
#[derive(Debug, Clone, Default)]
pub(crate) struct Database(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    failing: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// The key each write changed, in the order of the log.
    log: Vec<usize>,
    /// How much of the log each standby has replayed.
    replayed: [usize; STANDBYS],
}

/// What a write left behind.
pub(crate) struct Written {
    pub(crate) position: Position,
    /// The version of each row now.
    pub(crate) versions: [u64; KEYS],
}

impl Database {
    pub(crate) fn write(&self, key: usize) -> Written {
        let mut state = self.state();
        state.log.push(key);
        let end = state.log.len();
        let position = Position { system: SYSTEM, timeline: 1, lsn: end as u64 };
        Written { position, versions: std::array::from_fn(|key| state.version(key, end)) }
    }

    /// Reads a row as a pool does: from a standby that has what the scope asks for, else from the primary, or, with no primary at
    /// hand, from a standby that is behind, and says so. `server` picks among these.
    pub(crate) fn read(&self, key: usize, server: u8) -> Option<u64> {
        if self.0.failing.load(Ordering::Relaxed) {
            return None;
        }
        let state = self.state();
        let required = Scope::with_current(|scope| scope.required(SYSTEM)).flatten().map_or(0, |at| at.lsn);
        let end = match server {
            0..=5 => {
                let replayed = state.replayed[usize::from(server) % STANDBYS];
                if replayed as u64 >= required {
                    replayed
                } else if server == 0 {
                    Scope::with_current(Scope::mark_behind);
                    replayed
                } else {
                    state.log.len()
                }
            }
            _ => state.log.len(),
        };
        Some(state.version(key, end))
    }

    pub(crate) fn fail(&self, failing: bool) {
        self.0.failing.store(failing, Ordering::Relaxed);
    }

    pub(crate) fn catch_up(&self, standby: u8) {
        let mut state = self.state();
        state.replayed[usize::from(standby) % STANDBYS] = state.log.len();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn version(&self, key: usize, end: usize) -> u64 {
        self.log[..end].iter().filter(|changed| **changed == key).count() as u64
    }
}
