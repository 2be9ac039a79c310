//! What a pool looks like right now.

use crate::{endpoint::Role, inner::Inner, lane::Lane};
use forebay_scope::Position;
use serde::Serialize;
use std::time::Duration;

/// What a pool looks like right now, as data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PoolStatus {
    /// Each server: the primary first, then the replicas in configured order.
    pub servers: Vec<ServerStatus>,
    /// Statements remembered as refused by standbys.
    pub learned: usize,
}

/// One server of a pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServerStatus {
    /// `host:port`.
    pub endpoint: String,
    /// What it is configured to be.
    pub role: Role,
    /// Whether it answers.
    pub reachable: bool,
    /// Whether it plays its role: `false` for a promoted replica or a demoted primary.
    pub in_role: bool,
    /// What it was last seen to have written (primary) or replayed (replica).
    pub position: Option<Position>,
    /// How far behind the primary; `None` for the primary and before the first look.
    pub lag: Option<Duration>,
    /// Its sessions by kind.
    pub sessions: Vec<SessionsStatus>,
}

/// The sessions of one kind on one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionsStatus {
    /// `write`, `primary_read` or `replica`.
    pub kind: &'static str,
    /// The most there may be.
    pub max: usize,
    /// All there are, with those being opened or cleaned.
    pub all: usize,
    /// Lent to callers.
    pub busy: usize,
    /// Ready to be lent.
    pub idle: usize,
    /// Callers waiting for one.
    pub waiting: usize,
}

impl PoolStatus {
    pub(crate) fn of(pool: &Inner) -> Self {
        let mut servers = vec![server(&[&pool.write, &pool.primary_read])];
        servers.extend(pool.replicas.iter().map(|lane| server(&[lane])));
        Self { servers, learned: pool.learned.count() }
    }
}

fn server(lanes: &[&Lane]) -> ServerStatus {
    let endpoint = &lanes[0].endpoint;
    ServerStatus {
        endpoint: endpoint.name.clone(),
        role: endpoint.role,
        reachable: endpoint.is_reachable(),
        in_role: endpoint.is_in_role(),
        position: endpoint.seen().map(|seen| seen.at),
        lag: endpoint.lag().filter(|_| endpoint.role == Role::Replica),
        sessions: lanes.iter().map(|lane| sessions(lane)).collect(),
    }
}

fn sessions(lane: &Lane) -> SessionsStatus {
    let (all, idle, waiting) = lane.counts();
    SessionsStatus { kind: lane.access.as_str(), max: lane.max(), all, busy: lane.busy(), idle, waiting }
}
