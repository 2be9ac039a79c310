//! The one task that owns everything a pool does in the background.

use crate::{
    cleaning,
    connect::ConnectFailure,
    endpoint::{Endpoint, Role},
    error::{PoolError, SharedFailure},
    lag::Log,
    lane::{Access, Lane, Work},
    metrics::Chores,
    opener::Opener,
    session::Session,
    sighting::Sighting,
};
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinSet, time::MissedTickBehavior};

/// What the background work of a pool needs.
pub(crate) struct Crew {
    pub(crate) opener: Opener,
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    pub(crate) lanes: Vec<Arc<Lane>>,
    /// The primary's log over time.
    pub(crate) log: Log,
    pub(crate) chores: Chores,
    pub(crate) times: Times,
    /// Set by the first session, which is on the primary.
    pub(crate) system: OnceLock<u64>,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) connect: Duration,
    pub(crate) cleanup: Duration,
    pub(crate) probe_interval: Duration,
    pub(crate) probe: Duration,
    pub(crate) statements_max: usize,
}

/// Time between two looks for sessions to retire or to open ahead of need.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// First and longest pause between two connects that fail.
const BACKOFF_MIN: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// Runs until it is aborted; everything it spawned ends with it.
pub(crate) async fn supervise(crew: Arc<Crew>, mut work: mpsc::UnboundedReceiver<Work>) {
    let mut tasks = JoinSet::new();
    for endpoint in &crew.endpoints {
        tasks.spawn(probe(Arc::clone(&crew), Arc::clone(endpoint)));
    }
    let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(work) = work.recv() => match work {
                Work::Connect(lane) => drop(tasks.spawn(connect(Arc::clone(&crew), lane))),
                Work::Clean(lane, session) => drop(tasks.spawn(clean(Arc::clone(&crew), lane, session))),
            },
            _ = sweep.tick() => crew.sweep(),
            Some(_) = tasks.join_next() => {}
        }
    }
}

impl Crew {
    /// Opens a session for a lane, checking that the server plays the role the lane needs.
    pub(crate) async fn open(&self, lane: &Lane) -> Result<Box<Session>, PoolError> {
        let endpoint = &lane.endpoint;
        let failed = |source| PoolError::Connect { endpoint: endpoint.name.clone(), source };
        let (session, seen) = tokio::time::timeout(self.times.connect, self.opener.open(&lane.target))
            .await
            .map_err(|_| failed(SharedFailure::no_answer(self.times.connect)))?
            .map_err(|failure| failed(SharedFailure::new(failure)))?;
        self.is_of_this_system(endpoint, seen)?;
        endpoint.saw(seen);
        if endpoint.role == Role::Primary && !seen.standby {
            self.log.reached(seen.at, Instant::now());
        }
        match (lane.access, seen.standby) {
            (Access::Write | Access::PrimaryRead, true) => {
                Err(PoolError::NotPrimary { endpoint: endpoint.name.clone() })
            }
            (Access::Replica, false) => Err(PoolError::NotReplica { endpoint: endpoint.name.clone() }),
            _ => Ok(Box::new(session)),
        }
    }

    /// Refuses a server that belongs to another database system than the first that was opened, the primary: what
    /// listens at an address may change while the pool lives.
    fn is_of_this_system(&self, endpoint: &Endpoint, seen: Sighting) -> Result<(), PoolError> {
        let expected = *self.system.get_or_init(|| seen.at.system);
        if seen.at.system == expected {
            return Ok(());
        }
        Err(PoolError::OtherSystem { endpoint: endpoint.name.clone(), expected, found: seen.at.system })
    }

    /// A probe failed: reads go elsewhere, those that already wait here as well.
    fn unreachable(&self, endpoint: &Arc<Endpoint>, failure: &SharedFailure) {
        endpoint.unreachable();
        for lane in self.lanes.iter().filter(|lane| Arc::ptr_eq(&lane.endpoint, endpoint)) {
            lane.turn_away(failure);
        }
    }

    fn sweep(&self) {
        let now = Instant::now();
        for lane in &self.lanes {
            lane.tend(now);
        }
    }
}

/// Opens one session, again and again while somebody waits for it.
async fn connect(crew: Arc<Crew>, lane: Arc<Lane>) {
    let mut pause = BACKOFF_MIN;
    loop {
        match crew.open(&lane).await {
            Ok(session) => {
                crew.chores.connects.increment(1);
                lane.connected(session);
                return;
            }
            Err(error) => {
                crew.chores.connect_failures.increment(1);
                // Callers that hear of it at once ask again at once: the first failure is news, the others are not.
                if lane.has_failed() {
                    tracing::debug!(endpoint = %lane.endpoint.name, error = %report(&error), "cannot open a session");
                } else {
                    tracing::warn!(endpoint = %lane.endpoint.name, error = %report(&error), "cannot open a session");
                }
                let failure = match error {
                    PoolError::Connect { source, .. } => source,
                    other => SharedFailure::new(other),
                };
                lane.turn_away(&failure);
                if !lane.keep_connecting() {
                    return;
                }
            }
        }
        // Full jitter: callers that failed together do not try again together.
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.0..1.0))).await;
        pause = (pause * 2).min(BACKOFF_MAX);
        if !lane.keep_connecting() {
            return;
        }
    }
}

/// Makes a session clean within the time allowed, or closes and replaces it.
async fn clean(crew: Arc<Crew>, lane: Arc<Lane>, mut session: Box<Session>) {
    let clean = tokio::time::timeout(crew.times.cleanup, cleaning::clean(&session)).await;
    if matches!(clean, Ok(true)) {
        crew.chores.cleaned.increment(1);
        session.drained(crew.times.statements_max);
        lane.put_back(session);
    } else {
        crew.chores.discarded.increment(1);
        lane.lost(session);
    }
}

/// Looks at one server for as long as the pool lives, over a session of its own.
async fn probe(crew: Arc<Crew>, endpoint: Arc<Endpoint>) {
    let mut tick = tokio::time::interval(crew.times.probe_interval);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut session: Option<Session> = None;
    loop {
        tick.tick().await;
        endpoint.fade();
        let look = async {
            let (open, seen) = match session.take().filter(|session| !session.is_closed()) {
                Some(open) => open.sight().await.map(|seen| (open, seen)),
                None => crew.opener.open(&endpoint.target).await,
            }?;
            crew.is_of_this_system(&endpoint, seen)?;
            Ok::<_, ConnectFailure>((open, seen))
        };
        match tokio::time::timeout(crew.times.probe, look).await {
            Ok(Ok((open, seen))) => {
                session = Some(open);
                endpoint.saw(seen);
                for lane in crew.lanes.iter().filter(|lane| Arc::ptr_eq(&lane.endpoint, &endpoint)) {
                    lane.answers();
                }
                let now = Instant::now();
                if endpoint.role == Role::Primary && !seen.standby {
                    crew.log.reached(seen.at, now);
                }
                for replica in crew.endpoints.iter().filter(|e| e.role == Role::Replica) {
                    replica.measure_lag(&crew.log, now);
                }
            }
            Ok(Err(failure)) => crew.unreachable(&endpoint, &SharedFailure::new(failure)),
            Err(_) => crew.unreachable(&endpoint, &SharedFailure::new("the server does not answer")),
        }
        endpoint.report();
    }
}

/// An error with its causes in one line.
fn report(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
