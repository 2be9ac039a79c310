//! From a configuration to a running pool.

use crate::{
    catalog::{Clerk, Judgement},
    cluster::{Cluster, Server},
    config::PoolConfig,
    connect::{Connect, DefaultConnect},
    counts::{Cancels, Chores, Counts, LaneMeters, ServerMeters, elections},
    credentials::{Credentials, Keyring},
    election::Leader,
    endpoint::{Endpoint, Role},
    error::PoolError,
    heal::Learned,
    hedging::Hedging,
    inner::Inner,
    lag::Log,
    lane::{Access, Lane, LaneTerms, Limits, Terms, Work},
    listen::Attendant,
    metrics::METRICS,
    mode::Mode,
    observer::QueryObserver,
    opener::Opener,
    pipelined::{PipelinedCounts, Settings as PipelinedSettings, Shared, Slow},
    places::places,
    pool::Pool,
    pooler::{Behind, Demands},
    routed::Routed,
    selector::{Balanced, ReplicaSelector, Selection},
    statements::{Bounds, Epoch},
    supervisor::{Crew, Times, supervise},
    target::Target,
};
use forebay_metrics::Meter;
use forebay_traffic::{Balancer, Breaker};
use futures_util::future;
use std::{
    fmt,
    sync::{Arc, OnceLock},
};
use tokio::sync::{mpsc, watch};

/// Builds a [`Pool`].
#[must_use = "a builder does nothing until `build`"]
pub struct PoolBuilder {
    config: PoolConfig,
    meter: Meter,
    connect: Box<dyn Connect>,
    selector: Option<Box<dyn ReplicaSelector>>,
    observers: Vec<Arc<dyn QueryObserver>>,
    credentials: Option<Box<dyn Credentials>>,
}

impl PoolBuilder {
    pub(crate) fn new(config: PoolConfig) -> Self {
        Self {
            config,
            meter: Meter::default(),
            connect: Box::new(DefaultConnect::default()),
            selector: None,
            observers: Vec::new(),
            credentials: None,
        }
    }

    /// Where measurements go. Default: the process-wide recorder.
    pub fn meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }

    /// One more who is told about every statement, after those given before. Default: nobody.
    pub fn observer(mut self, observer: Arc<dyn QueryObserver>) -> Self {
        self.observers.push(observer);
        self
    }

    /// How sessions are opened. Default: as the connection strings say, with TLS when the feature `rustls` is on.
    pub fn connect(mut self, connect: impl Connect) -> Self {
        self.connect = Box::new(connect);
        self
    }

    /// Who says with which user and password sessions are opened. Default: the connection strings.
    pub fn credentials(mut self, credentials: impl Credentials) -> Self {
        self.credentials = Some(Box::new(credentials));
        self
    }

    /// Which replica gets the next read. Default: the balancer of `forebay-traffic`, as
    /// [`PoolConfig::balancer`](crate::PoolConfig) says.
    pub fn selector(mut self, selector: impl ReplicaSelector) -> Self {
        self.selector = Some(Box::new(selector));
        self
    }

    /// Checks the configuration and the servers, and starts the pool's background task.
    ///
    /// The primary must be there. A replica that cannot be reached is left out, with a warning, until a probe
    /// reaches it.
    ///
    /// # Errors
    /// [`PoolError::Config`]; [`PoolError::Connect`] when the primary cannot be reached;
    /// [`PoolError::NotPrimary`], [`PoolError::NotReplica`] and [`PoolError::OtherSystem`] when a server is not
    /// what it is configured to be.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn build(self) -> Result<Pool, PoolError> {
        self.config.validate()?;
        if self.meter.lacks_recorder() {
            tracing::warn!("no metrics recorder is installed yet: this pool is not measured");
        }
        self.meter.describe(METRICS);
        let (work, worked) = mpsc::unbounded_channel();
        let doubt = watch::Sender::new(());
        let balancer = self.balancer()?;
        let judgement = Arc::new(Judgement::new(&self.config));
        let slow = Arc::new(Slow::new(self.config.pipelined_slow_max, self.config.pipelined_slow_for));
        let cluster = Arc::new(self.cluster(&work, &doubt, &balancer, &slow)?);
        let direct = direct(&self.config)?;
        let config = self.config;
        let crew = Arc::new(Crew {
            opener: opener(&config, self.connect, self.credentials, &self.meter, &judgement),
            cluster: Arc::clone(&cluster),
            doubt,
            log: Log::default(),
            chores: Chores::new(&self.meter),
            times: times(&config),
            mode: config.mode,
            used: watch::Sender::new(()),
            system: OnceLock::new(),
        });
        let system = first_look(&crew).await?;
        let clerk = Clerk::employ(&config.catalog, &judgement, &self.meter, &crew).await;
        let closing = watch::Sender::new(false);
        let selection = selection(self.selector, balancer, &config)?;
        let hedging = Hedging::of(&config, cluster.servers().len(), &self.meter)?;
        let supervisor = tokio::spawn(supervise(Arc::clone(&crew), worked, clerk)).abort_handle();
        Ok(Pool::new(Inner {
            cluster,
            selection,
            hedging,
            observers: self.observers,
            observed_values: config.observed_values,
            traced_text: config.traced_text,
            counts: Counts::new(&self.meter),
            learned: Learned::new(config.learned_max),
            judgement,
            system,
            acquire_timeout: config.acquire_timeout,
            cleanup_timeout: config.cleanup_timeout,
            lag_max: config.lag_max,
            without_replica: config.without_replica,
            mode: config.mode,
            routing: config.routing,
            routed: Routed::new(&self.meter),
            catch_up_wait: config.catch_up_wait,
            serve_behind: config.serve_behind,
            supervisor,
            attendant: Attendant { crew, direct, closed: closing.subscribe() },
            closing,
            listen_buffer_max: config.listen_buffer_max,
            bulk_copy_rows_min: config.bulk_copy_rows_min,
            slow,
            pipelined: PipelinedCounts::new(&self.meter),
        }))
    }

    /// Knows the servers by the places they have in the cluster.
    fn balancer(&self) -> Result<Balancer, PoolError> {
        let names = self.config.endpoints()?;
        Balancer::measured(self.config.balancer.clone(), names, "pool", &self.meter)
            .map_err(|error| PoolError::config("balancer", error.to_string()))
    }

    fn cluster(
        &self,
        work: &mpsc::UnboundedSender<Work>,
        doubt: &watch::Sender<()>,
        balancer: &Balancer,
        slow: &Arc<Slow>,
    ) -> Result<Cluster, PoolError> {
        let config = &self.config;
        let mut members = balancer.members();
        let mut endpoint = |key, url: &str, role| {
            let watched = |name: &str| {
                let breaker = Breaker::measured(config.breaker.clone(), name, &self.meter)?;
                Ok((breaker, ServerMeters::new(&self.meter, name)))
            };
            let target = Target::parse(key, url)?;
            let member = members.next().expect("the balancer has a member for each server");
            Endpoint::new(target, role, &config.application_name, doubt.clone(), member, watched)
                .map(Arc::new)
        };
        let lane = |endpoint: &Arc<Endpoint>, access, LaneTerms { max, .. }| {
            let settings = session_config(endpoint, access, config);
            let meters = LaneMeters::new(&self.meter, &endpoint.name, access.as_str());
            let limits = Limits::new(config, access, max);
            Lane::new(Arc::clone(endpoint), access, settings, limits, work.clone(), meters)
        };
        let shared = |endpoint: &Arc<Endpoint>| {
            let terms = LaneTerms { max: config.pipelined_sessions, paused: false };
            let lane = lane(endpoint, Access::Pipelined, terms);
            let settings = PipelinedSettings::new(config);
            Arc::new(Shared::new(lane, terms.max, settings, Arc::clone(slow), work.clone()))
        };
        let terms = Terms::new(config);
        let server = |(endpoint, reads): (Arc<Endpoint>, LaneTerms)| Server {
            read: lane(&endpoint, Access::Read, reads),
            write: lane(&endpoint, Access::Write, terms.write),
            shared: shared(&endpoint),
            endpoint,
        };
        let mut servers =
            vec![server((endpoint("primary", &config.primary, Role::Primary)?, terms.primary_read))];
        for url in &config.replicas {
            servers.push(server((endpoint("replicas", url, Role::Replica)?, terms.replica)));
        }
        Ok(Cluster::new(servers, terms, elections(&self.meter)))
    }
}

fn opener(
    config: &PoolConfig,
    connect: Box<dyn Connect>,
    credentials: Option<Box<dyn Credentials>>,
    meter: &Meter,
    judgement: &Arc<Judgement>,
) -> Opener {
    Opener {
        connect,
        kept: Bounds { statements_max: config.statements_max, bytes_max: config.statements_bytes_max },
        epoch: Epoch::new(meter, Arc::clone(judgement)),
        cancels: Cancels::new(meter),
        judgement: Arc::clone(judgement),
        pooler: config.pooler,
        behind: Behind::default(),
        lifetime: config.lifetime,
        keyring: credentials.map(|source| Keyring::new(source, config.retire_old_logins)),
    }
}

/// The user's own, else the balancer with what is known of the servers.
fn selection(
    own: Option<Box<dyn ReplicaSelector>>,
    balancer: Balancer,
    config: &PoolConfig,
) -> Result<Selection, PoolError> {
    let places = places(config, &config.endpoints()?)?;
    let balanced = || Balanced::new(balancer, config.replica_sessions_max, config.zone_factor, places);
    Ok(own.map_or_else(|| Selection::Balanced(balanced()), Selection::Own))
}

/// The settings of a lane's sessions, given at the start of each, so that they cost no round trip and survive
/// `RESET ALL`.
fn session_config(endpoint: &Endpoint, access: Access, config: &PoolConfig) -> Target {
    let mut target = endpoint.target.clone();
    // On a replica as well: its sessions outlive its promotion.
    let read_only = access != Access::Write;
    let statement_timeout = match access {
        Access::Pipelined => config.statement_timeout.into_iter().chain([config.pipelined_timeout]).min(),
        Access::Read | Access::Write => config.statement_timeout,
    };
    let statement_timeout_ms = statement_timeout.map(|timeout| timeout.as_millis() as u64);
    target.demands = Demands { read_only, statement_timeout_ms };
    target
}

/// Where the servers themselves are.
fn direct(config: &PoolConfig) -> Result<Arc<[Target]>, PoolError> {
    let named =
        |url: &String| Target::parse("direct", url).map(|target| target.named(&config.application_name));
    config.direct.iter().map(named).collect()
}

const fn times(config: &PoolConfig) -> Times {
    Times {
        connect: config.connect_timeout,
        cleanup: config.cleanup_timeout,
        probe_interval: config.probe_interval,
        probe: config.probe_timeout,
        statements_max: config.statements_max,
    }
}

/// Opens the first session on each server and finds out which takes writes; returns the system identifier of all.
///
/// After a failover that is another than the configured one, so what this says is only where to look first.
async fn first_look(crew: &Crew) -> Result<u64, PoolError> {
    let servers = crew.cluster.servers();
    // The configured primary before the others: its database system is the one that the others must be of.
    let mut opened = vec![crew.open(&servers[0].read).await];
    opened.extend(future::join_all(servers[1..].iter().map(|server| crew.open(&server.read))).await);
    let mut failed = None;
    for (place, (server, opened)) in servers.iter().zip(opened).enumerate() {
        match opened {
            Ok(session) => server.read.adopt(session),
            Err(error @ PoolError::Connect { .. }) => {
                server.endpoint.unreachable();
                if place == 0 {
                    failed = Some(error);
                } else {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(endpoint = %server.endpoint.name, error, "a replica cannot be reached at the start");
                }
            }
            Err(other) => return Err(other),
        }
    }
    if let Leader::Nobody { one, other } = *crew.cluster.leader().borrow() {
        let endpoint = servers[one.max(other)].endpoint.name.clone();
        return Err(PoolError::NotReplica { endpoint });
    }
    let primary = crew.cluster.primary();
    match (primary.endpoint.is_usable(), failed) {
        (false, Some(error)) => return Err(error),
        (false, None) => return Err(PoolError::NotPrimary { endpoint: primary.endpoint.name.clone() }),
        (true, failed) => {
            if let Some(error) = &failed {
                let error: &dyn std::error::Error = error;
                tracing::warn!(
                    error,
                    "the configured primary cannot be reached; another server takes writes"
                );
            }
        }
    }
    if let (Mode::PerUse, Some(seen)) = (crew.mode, primary.endpoint.seen()) {
        return Ok(seen.at.system);
    }
    let session = crew.open(&primary.write).await?;
    let system = session.origin().system;
    primary.write.adopt(session);
    Ok(system)
}

impl fmt::Debug for PoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
