//! The one task that owns everything a pool does in the background.

use crate::{
    catalog::{Clerk, attend},
    causes::with_causes,
    cleaning,
    cluster::{Cluster, Server},
    connect::ConnectFailure,
    counts::{Chores, Gone},
    endpoint::{Endpoint, Role},
    error::PoolError,
    lag::Log,
    lane::{Access, Lane, Work},
    mode::Mode,
    opener::Opener,
    pipelined::carry,
    refusal::Refusal,
    session::Session,
    shared_failure::SharedFailure,
    sighting::Sighting,
};
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::MissedTickBehavior,
};

/// What the background work of a pool needs.
pub(crate) struct Crew {
    pub(crate) opener: Opener,
    pub(crate) cluster: Arc<Cluster>,
    /// Sent to when something does not go with what is known of the servers.
    pub(crate) doubt: watch::Sender<()>,
    /// The primary's log over time.
    pub(crate) log: Log,
    pub(crate) chores: Chores,
    pub(crate) times: Times,
    pub(crate) mode: Mode,
    /// Sent to when a session is opened for a caller.
    pub(crate) used: watch::Sender<()>,
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
/// Time between two looks at each server while the primary does not answer or is not one.
const PROBE_IN_TROUBLE: Duration = Duration::from_millis(50);
/// Shortest time between two looks at a server.
const DOUBT_PAUSE: Duration = Duration::from_millis(10);
/// First and longest pause between two connects that fail.
const BACKOFF_MIN: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// Runs until it is aborted; everything it spawned ends with it.
pub(crate) async fn supervise(
    crew: Arc<Crew>,
    mut work: mpsc::UnboundedReceiver<Work>,
    clerk: Option<Clerk>,
) {
    let mut tasks = JoinSet::new();
    if let Some(clerk) = clerk {
        tasks.spawn(attend(Arc::clone(&crew), clerk));
    }
    for server in crew.cluster.servers() {
        tasks.spawn(probe(Arc::clone(&crew), server.clone()));
    }
    let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(work) = work.recv() => match work {
                Work::Connect(lane) => drop(tasks.spawn(connect(Arc::clone(&crew), lane))),
                Work::Clean(lane, session) => drop(tasks.spawn(clean(Arc::clone(&crew), lane, session))),
                Work::Carry(track) => drop(tasks.spawn(carry(track))),
                Work::Prepare(track, sql) => drop(tasks.spawn(async move { track.prepare(&sql).await })),
            },
            _ = sweep.tick() => crew.sweep(),
            Some(_) = tasks.join_next() => {}
        }
    }
}

impl Crew {
    /// Opens a session for a lane, checking that the server plays the role the lane needs.
    pub(crate) async fn open(&self, lane: &Lane) -> Result<Box<Session>, PoolError> {
        let opened = self.open_uncounted(lane).await;
        lane.meters.connects.ended(&opened);
        opened
    }

    async fn open_uncounted(&self, lane: &Lane) -> Result<Box<Session>, PoolError> {
        self.used.send_replace(());
        let endpoint = &lane.endpoint;
        let epoch = endpoint.epoch();
        let failed = |source| PoolError::Connect { endpoint: endpoint.name.clone(), source };
        let (mut session, seen) = tokio::time::timeout(self.times.connect, self.opener.open(&lane.target))
            .await
            .map_err(|_| failed(SharedFailure::no_answer(self.times.connect)))?
            .map_err(|failure| failed(SharedFailure::new(failure)))?;
        self.is_of_this_system(endpoint, seen)?;
        self.saw(endpoint, seen);
        if lane.access == Access::Write && seen.standby {
            return Err(PoolError::NotPrimary { endpoint: endpoint.name.clone() });
        }
        session.epoch = epoch;
        Ok(Box::new(session))
    }

    /// Takes in a look at a server, and decides by it who takes the writes.
    fn saw(&self, endpoint: &Endpoint, seen: Sighting) {
        endpoint.saw(seen);
        self.cluster.elect();
        let now = Instant::now();
        if endpoint.role() == Role::Primary && !seen.standby {
            self.log.reached(seen.at, now);
        }
        for (_, replica) in self.cluster.replicas() {
            replica.endpoint.measure_lag(&self.log, now);
        }
    }

    /// Refuses a server that belongs to another database system than the first that was opened, the primary: what
    /// listens at an address may change while the pool lives.
    pub(crate) fn is_of_this_system(&self, endpoint: &Endpoint, seen: Sighting) -> Result<(), PoolError> {
        let expected = *self.system.get_or_init(|| seen.at.system);
        if seen.at.system == expected {
            return Ok(());
        }
        Err(PoolError::OtherSystem { endpoint: endpoint.name.clone(), expected, found: seen.at.system })
    }

    async fn connect_probe(&self, endpoint: &Endpoint) -> Result<(Session, Sighting), ConnectFailure> {
        let counted = endpoint.meters.probes.begin();
        let opened = self.opener.open(&endpoint.target).await.map_err(Refusal::of);
        counted.ended(opened.as_ref().err().map(|refusal| refusal.reason));
        opened.map_err(Into::into)
    }

    /// A probe failed: reads go elsewhere, those that already wait here as well.
    fn unreachable(&self, server: &Server, failure: &SharedFailure) {
        server.endpoint.unreachable();
        self.cluster.elect();
        for lane in [&server.read, &server.write] {
            lane.turn_away(failure);
        }
    }

    /// Waits until a server is to be looked at again: after a while, or when somebody doubts. Where no session is kept, not
    /// before the pool is used, and not for its own sake when there is but one server.
    async fn until_look(&self, doubt: &mut watch::Receiver<()>, used: &mut watch::Receiver<()>) {
        let after_a_while = async {
            tokio::time::sleep(self.until_next_look()).await;
            if self.mode == Mode::Kept {
                return;
            }
            if self.cluster.servers().len() > 1 && used.changed().await.is_ok() {
                return;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = after_a_while => {}
            Ok(()) = doubt.changed() => {}
        }
    }

    /// How long until the next look: shorter while nobody is known to take writes.
    fn until_next_look(&self) -> Duration {
        let usual = self.times.probe_interval;
        if self.cluster.primary().endpoint.is_usable() { usual } else { usual.min(PROBE_IN_TROUBLE) }
    }

    fn sweep(&self) {
        let now = Instant::now();
        for lane in self.cluster.lanes() {
            lane.tend(now);
        }
        for server in self.cluster.servers() {
            server.shared.tend(now);
        }
    }
}

/// Opens one session, again and again while somebody waits for it.
async fn connect(crew: Arc<Crew>, lane: Arc<Lane>) {
    let mut pause = BACKOFF_MIN;
    loop {
        match crew.open(&lane).await {
            Ok(session) => {
                lane.connected(session);
                return;
            }
            Err(error) => {
                lane.endpoint.doubt();
                // Callers that hear of it at once ask again at once: the first failure is news, the others are not.
                if lane.has_failed() {
                    tracing::debug!(endpoint = %lane.endpoint.name, error = %with_causes(&error), "cannot open a session");
                } else {
                    tracing::warn!(endpoint = %lane.endpoint.name, error = %with_causes(&error), "cannot open a session");
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
        lane.meters.cleaned.increment(1);
        session.drained(crew.times.statements_max);
        lane.put_back(session);
    } else {
        let why = if session.is_closed() { Gone::Lost } else { Gone::Dirty };
        lane.gone(session, why);
    }
}

/// Looks at one server for as long as the pool lives, over a session of its own, or over a new one each time.
async fn probe(crew: Arc<Crew>, server: Server) {
    let endpoint = &server.endpoint;
    let mut doubt = crew.doubt.subscribe();
    let mut used = crew.used.subscribe();
    let mut session: Option<Session> = None;
    if crew.mode == Mode::PerUse {
        crew.until_look(&mut doubt, &mut used).await;
    }
    loop {
        let look = async {
            let (open, seen) = match session.take().filter(|session| !session.is_closed()) {
                Some(open) => open.sight().await.map(|seen| (open, seen)),
                None => crew.connect_probe(endpoint).await,
            }?;
            crew.is_of_this_system(endpoint, seen)?;
            Ok::<_, ConnectFailure>((open, seen))
        };
        match tokio::time::timeout(crew.times.probe, look).await {
            Ok(Ok((open, seen))) => {
                session = (crew.mode == Mode::Kept).then_some(open);
                if !endpoint.is_reachable() {
                    server.read.answers();
                    server.write.answers();
                }
                crew.saw(endpoint, seen);
            }
            Ok(Err(failure)) => {
                let failure = SharedFailure::new(failure);
                crew.unreachable(&server, &failure);
                endpoint.report();
                if !failure.reason().is_transient() {
                    // Doubt mends nothing here, and logins that are refused in quick succession may lock the user out.
                    tokio::time::sleep(BACKOFF_MAX).await;
                    continue;
                }
            }
            Err(_) => crew.unreachable(&server, &SharedFailure::no_answer(crew.times.probe)),
        }
        endpoint.report();
        // However many doubt, a server is asked no more often than this.
        tokio::time::sleep(DOUBT_PAUSE).await;
        crew.until_look(&mut doubt, &mut used).await;
    }
}
