//! The servers of a pool, and which of them takes the writes.

use crate::{
    counts::Tally,
    election::{Leader, Writable, elect},
    endpoint::{Endpoint, Role},
    error::PoolError,
    lane::{Lane, Terms},
    pipelined::Shared,
};
use forebay_scope::Position;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// One server, and its two kinds of sessions.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) endpoint: Arc<Endpoint>,
    /// Read-only at the server, whatever its role.
    pub(crate) read: Arc<Lane>,
    /// Used while it is the primary.
    pub(crate) write: Arc<Lane>,
    /// For reads that share a session.
    pub(crate) shared: Arc<Shared>,
}

/// The servers of a pool: the configured primary first.
#[derive(Debug)]
pub(crate) struct Cluster {
    servers: Vec<Server>,
    /// Place of the leader, or of the last one while there is none: what a read asks before it knows better.
    last: AtomicUsize,
    leader: watch::Sender<Leader>,
    reached: Mutex<Reached>,
    /// How sessions are lent: a server that changes its role changes its terms.
    terms: Mutex<Terms>,
    pub(crate) elections: Tally,
}

/// The highest timeline that took writes, and where it stood when it was first seen.
#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    timeline: u32,
    /// At or after the place where it left the timeline before it.
    first_seen: u64,
}

/// A writable server that does not answer counts as one of two for this long.
const SILENT_AFTER: Duration = Duration::from_secs(5);

impl Cluster {
    pub(crate) fn new(servers: Vec<Server>, terms: Terms, elections: Tally) -> Self {
        Self {
            servers,
            last: AtomicUsize::new(0),
            leader: watch::Sender::new(Leader::Server(0)),
            reached: Mutex::default(),
            terms: Mutex::new(terms),
            elections,
        }
    }

    pub(crate) fn servers(&self) -> &[Server] {
        &self.servers
    }

    pub(crate) fn lanes(&self) -> impl Iterator<Item = &Arc<Lane>> {
        self.servers.iter().flat_map(|server| [&server.write, &server.read, &server.shared.lane])
    }

    /// The primary, or the last one while nobody takes writes.
    pub(crate) fn primary(&self) -> &Server {
        &self.servers[self.last.load(Ordering::Acquire)]
    }

    /// Those that are not the primary, with their places among all.
    pub(crate) fn replicas(&self) -> impl Iterator<Item = (usize, &Server)> {
        let primary = self.last.load(Ordering::Acquire);
        self.servers.iter().enumerate().filter(move |(place, _)| *place != primary)
    }

    /// The server at a place, unless it is the primary.
    pub(crate) fn replica(&self, place: usize) -> Option<&Server> {
        let primary = self.last.load(Ordering::Acquire);
        self.servers.get(place).filter(|_| place != primary)
    }

    /// Who takes the writes, and every change of it.
    pub(crate) fn leader(&self) -> watch::Receiver<Leader> {
        self.leader.subscribe()
    }

    /// The server that takes the writes.
    ///
    /// # Errors
    /// [`PoolError::SplitBrain`] while two would.
    pub(crate) fn writable(&self, leader: Leader) -> Result<&Server, PoolError> {
        match leader {
            Leader::Server(server) => Ok(&self.servers[server]),
            Leader::Nobody { one, other } => Err(PoolError::SplitBrain {
                one: self.servers[one].endpoint.name.clone(),
                other: self.servers[other].endpoint.name.clone(),
                timeline: self.reached().timeline,
            }),
        }
    }

    /// Decides anew who takes the writes, after a look at a server.
    pub(crate) fn elect(&self) {
        let mut reached = self.reached();
        let writable: Vec<_> = self
            .servers
            .iter()
            .enumerate()
            .filter_map(|(server, Server { endpoint, .. })| {
                let seen = endpoint.seen().filter(|seen| !seen.standby)?;
                let answers = endpoint.silent_for().is_none_or(|silent| silent < SILENT_AFTER);
                Some(Writable { server, timeline: seen.at.timeline, answers })
            })
            .collect();
        let now = *self.leader.borrow();
        let (leader, timeline) = elect(now, reached.timeline, &writable);
        if timeline > reached.timeline || reached.first_seen == 0 {
            let first_seen = match leader {
                Leader::Server(server) => self.servers[server].endpoint.seen().map_or(0, |seen| seen.at.lsn),
                Leader::Nobody { .. } => 0,
            };
            *reached = Reached { timeline, first_seen };
        }
        if leader != now {
            self.switch(leader, timeline);
        }
    }

    /// Sessions of a server that changed its role are not lent again; those that are out may not write any more.
    fn switch(&self, leader: Leader, timeline: u32) {
        let primary = match leader {
            Leader::Server(server) => Some(server),
            Leader::Nobody { .. } => None,
        };
        for (place, server) in self.servers.iter().enumerate() {
            let leads = primary == Some(place);
            server.endpoint.plays(if leads { Role::Primary } else { Role::Replica });
        }
        self.change_terms(|_| ());
        match primary {
            Some(primary) => {
                self.last.store(primary, Ordering::Release);
                let endpoint = &self.servers[primary].endpoint.name;
                tracing::warn!(endpoint, timeline, "another server is the primary");
            }
            None => tracing::error!(
                timeline,
                "two servers of one timeline take writes: nothing is written until one of them is gone"
            ),
        }
        self.elections.increment(1);
        self.leader.send_replace(leader);
    }

    /// What a read must see that was to see `required`, which may be of a timeline that has ended.
    ///
    /// Today's timeline left that one at the latest where it was first seen. A server that stands there has all of the
    /// older one that was not lost, so with what is asked of it on top it is as good as any.
    pub(crate) fn in_todays_terms(&self, required: Position) -> Wanted {
        let reached = *self.reached();
        if required.timeline >= reached.timeline {
            return Wanted { position: required, lost: false };
        }
        let position =
            Position { timeline: reached.timeline, lsn: required.lsn.max(reached.first_seen), ..required };
        Wanted { position, lost: required.lsn > reached.first_seen && required.lsn != u64::MAX }
    }

    /// Changes how sessions are lent, and tells every lane the terms of its role.
    pub(crate) fn change_terms(&self, change: impl FnOnce(&mut Terms)) {
        let mut terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut terms);
        for server in &self.servers {
            server.write.lend_on(terms.write);
            let reads = match server.endpoint.role() {
                Role::Primary => terms.primary_read,
                Role::Replica => terms.replica,
            };
            server.read.lend_on(reads);
            server.shared.lend_on(reads.paused);
        }
    }

    fn reached(&self) -> MutexGuard<'_, Reached> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A position to be seen, and whether it certainly was lost with the timeline it belonged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) position: Position,
    pub(crate) lost: bool,
}
