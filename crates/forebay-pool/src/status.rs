//! What a pool looks like right now.

use crate::{
    catalog::CatalogStatus,
    cluster::Server,
    counts::{
        CancelsStatus, ConnectsStatus, FallbacksStatus, HealedStatus, PositionsStatus, ReadsStatus,
        RetriesStatus, SessionCounts,
    },
    election::Leader,
    endpoint::Role,
    hedging::{HedgesStatus, Hedging},
    inner::Inner,
    lane::{Lane, NestedPlaces, Overdue},
    listen::Attendant,
    pipelined::PipelinedStatus,
    routed::RoutesStatus,
};
use forebay_scope::Position;
use serde::Serialize;
use std::time::{Duration, Instant};

/// What a pool looks like right now, as data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PoolStatus {
    /// Each server: what is configured as the primary first, then the replicas in configured order.
    pub servers: Vec<ServerStatus>,
    /// Whether a primary takes writes: `false` while two servers of one timeline would.
    pub takes_writes: bool,
    /// Statements by where they went, and why.
    pub routes: RoutesStatus,
    /// Statements remembered as refused by standbys.
    pub learned: usize,
    /// Read sessions that were lent, by who served them.
    pub reads: ReadsStatus,
    /// Reads on the primary although there are replicas, by why.
    pub fallbacks: FallbacksStatus,
    /// Reads that had to see a position no replica was known to have.
    pub positions: PositionsStatus,
    /// Statements that ran again, by why.
    pub healed: HealedStatus,
    /// Transactions run again because they collided with others.
    pub retries: RetriesStatus,
    /// Statements whose future was dropped, or whose deadline passed, before the answer.
    pub abandoned: u64,
    /// Requests to servers to stop a statement.
    pub cancels: CancelsStatus,
    /// How often another server became the primary, or two would have been.
    pub elections: u64,
    /// Notifications that found the buffer of their listener full.
    pub notifications_dropped: u64,
    /// What is known of the database's catalogue; `None` when it is not read.
    pub catalog: Option<CatalogStatus>,
    /// Reads asked of a second replica; `None` where [`PoolConfig::hedging`](crate::PoolConfig) is off.
    pub hedges: Option<HedgesStatus>,
    /// Statements of [`Pipelined`](crate::Pipelined) handles, by what became of them.
    pub pipelined: PipelinedStatus,
}

/// One server of a pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServerStatus {
    /// `host:port`.
    pub endpoint: String,
    /// What it is for the pool: after a failover another server than the configured one is the primary.
    pub role: Role,
    /// Whether it answers.
    pub reachable: bool,
    /// Whether it is what its role says: `false` for a primary that is a standby, and for a replica that is writable, as
    /// an old primary is when it comes back.
    pub in_role: bool,
    /// What it was last seen to have written (primary) or replayed (replica).
    pub position: Option<Position>,
    /// How far behind the primary; `None` for the primary and before the first look.
    pub lag: Option<Duration>,
    /// Connections of the pool's probe.
    pub probe_connects: ConnectsStatus,
    /// Connections of listeners.
    pub listen_connects: ConnectsStatus,
    /// Its sessions by kind.
    pub sessions: Vec<SessionsStatus>,
}

/// The sessions of one kind on one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionsStatus {
    /// `write`, `read`, or `pipelined`: those that callers of [`Pipelined`](crate::Pipelined) share.
    pub kind: &'static str,
    /// The most there may be.
    pub max: usize,
    /// Whether they are [paused](crate::Pool::pause).
    pub paused: bool,
    /// All there are, with those being opened or cleaned.
    pub all: usize,
    /// Lent to callers.
    pub busy: usize,
    /// Ready to be lent.
    pub idle: usize,
    /// Callers waiting for one.
    pub waiting: usize,
    /// Statements sent on them and not answered yet.
    pub in_flight: usize,
    /// What happened to them since the pool was built.
    pub counts: SessionCounts,
    /// Guards that were found to be out for longer than `held_warn`, and still are.
    pub held_long: Vec<HeldGuard>,
    /// Where tasks waited for a session while they held one of the same kind, the first `nested_places_max` pairs.
    pub nested: Vec<NestedWait>,
}

/// A wait for a session by a task that held one already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NestedWait {
    /// The line that took the one it held, as `file:line:column`.
    pub held_at: String,
    /// The line that asked for another.
    pub asked_at: String,
    /// How often.
    pub times: u64,
}

/// A guard that is out for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HeldGuard {
    /// The line that took it, as `file:line:column`.
    pub place: String,
    /// For how long at least: the time since the pool first looked.
    pub held: Duration,
}

impl PoolStatus {
    pub(crate) fn of(pool: &Inner) -> Self {
        let servers = pool.cluster.servers().iter().map(server).collect();
        let takes_writes = matches!(*pool.cluster.leader().borrow(), Leader::Server(_));
        let Attendant { crew, .. } = &pool.attendant;
        Self {
            servers,
            takes_writes,
            routes: pool.routed.status(),
            learned: pool.learned.count(),
            reads: pool.counts.reads(),
            fallbacks: pool.counts.fallbacks(),
            positions: pool.counts.positions(),
            healed: pool.counts.healed(crew.opener.epoch.healed()),
            retries: pool.counts.retried.status(),
            abandoned: pool.counts.abandoned.total(),
            cancels: crew.opener.cancels.status(),
            elections: pool.cluster.elections.total(),
            notifications_dropped: crew.chores.unheard.total(),
            catalog: pool.judgement.status(),
            hedges: pool.hedging.as_ref().map(Hedging::status),
            pipelined: pool.pipelined.status(pool.slow.count()),
        }
    }
}

fn server(Server { endpoint, read, write, shared }: &Server) -> ServerStatus {
    let role = endpoint.role();
    // What is left of a former primary's is shown until it is gone.
    let writes = (role == Role::Primary || write.view(Instant::now()).all > 0).then(|| sessions(write));
    let shares = (shared.lane.view(Instant::now()).all > 0).then(|| sessions(&shared.lane));
    ServerStatus {
        endpoint: endpoint.name.clone(),
        role,
        reachable: endpoint.is_reachable(),
        in_role: endpoint.is_in_role(),
        position: endpoint.seen().map(|seen| seen.at),
        lag: endpoint.lag().filter(|_| role == Role::Replica),
        probe_connects: endpoint.meters.probes.status(),
        listen_connects: endpoint.meters.listens.status(),
        sessions: writes.into_iter().chain([sessions(read)]).chain(shares).collect(),
    }
}

fn sessions(lane: &Lane) -> SessionsStatus {
    let view = lane.view(Instant::now());
    let nested = |(places, times): (NestedPlaces, u64)| NestedWait {
        held_at: places.held_at.to_string(),
        asked_at: places.asked_at.to_string(),
        times,
    };
    let held = |loan: Overdue| HeldGuard { place: loan.place.to_string(), held: loan.held };
    SessionsStatus {
        kind: lane.access.as_str(),
        max: view.max,
        paused: view.paused,
        all: view.all,
        busy: view.busy,
        idle: view.idle,
        waiting: view.waiting,
        in_flight: lane.meters.in_flight(),
        counts: lane.meters.status(),
        held_long: view.overdue.into_iter().map(held).collect(),
        nested: view.nested.into_iter().map(nested).collect(),
    }
}
