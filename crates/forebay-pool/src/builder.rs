//! From a configuration to a running pool.

use crate::{
    config::PoolConfig,
    connect::{Connect, DefaultConnect},
    endpoint::{Endpoint, Role},
    error::PoolError,
    heal::Learned,
    inner::Inner,
    lag::Log,
    lane::{Access, Lane, Limits, Work},
    metrics::{Chores, Counts, LaneMeters, METRICS, ServerMeters},
    observer::QueryObserver,
    opener::Opener,
    pool::Pool,
    selector::{PowerOfTwo, ReplicaSelector},
    statements::Epoch,
    supervisor::{Crew, Times, supervise},
    target::Target,
};
use forebay_metrics::Meter;
use forebay_sql::Classifier;
use forebay_traffic::Breaker;
use futures_util::future;
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::mpsc;

/// Builds a [`Pool`].
#[must_use = "a builder does nothing until `build`"]
pub struct PoolBuilder {
    config: PoolConfig,
    meter: Meter,
    connect: Box<dyn Connect>,
    selector: Box<dyn ReplicaSelector>,
    observer: Option<Arc<dyn QueryObserver>>,
}

impl PoolBuilder {
    pub(crate) fn new(config: PoolConfig) -> Self {
        Self {
            config,
            meter: Meter::default(),
            connect: Box::new(DefaultConnect::default()),
            selector: Box::new(PowerOfTwo),
            observer: None,
        }
    }

    /// Where measurements go. Default: the process-wide recorder.
    pub fn meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }

    /// Who is told about every statement. Default: nobody.
    pub fn observer(mut self, observer: Arc<dyn QueryObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// How sessions are opened. Default: as the connection strings say, with TLS when the feature `rustls` is on.
    pub fn connect(mut self, connect: impl Connect) -> Self {
        self.connect = Box::new(connect);
        self
    }

    /// Which replica gets the next read. Default: [`PowerOfTwo`].
    pub fn selector(mut self, selector: impl ReplicaSelector) -> Self {
        self.selector = Box::new(selector);
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
        let (write, primary_read, replicas) = self.lanes(&work)?;
        let config = self.config;
        let lanes: Vec<_> = [&write, &primary_read].into_iter().chain(&replicas).cloned().collect();
        let crew = Arc::new(Crew {
            opener: Opener {
                connect: self.connect,
                statements_max: config.statements_max,
                epoch: Epoch::default(),
                lifetime: config.lifetime,
            },
            endpoints: lanes
                .iter()
                .filter(|l| l.access != Access::PrimaryRead)
                .map(|l| l.endpoint.clone())
                .collect(),
            lanes,
            log: Log::default(),
            chores: Chores::new(&self.meter),
            times: times(&config),
            system: OnceLock::new(),
        });
        let system = first_look(&crew, &write, &replicas).await?;
        let supervisor = tokio::spawn(supervise(Arc::clone(&crew), worked)).abort_handle();
        Ok(Pool::new(Inner {
            write,
            primary_read,
            replicas,
            selector: self.selector,
            observer: self.observer,
            counts: Counts::new(&self.meter),
            learned: Learned::new(config.learned_max),
            classifier: Classifier::new(config.classifier_bytes_max),
            system,
            acquire_timeout: config.acquire_timeout,
            cleanup_timeout: config.cleanup_timeout,
            lag_max: config.lag_max,
            catch_up_wait: config.catch_up_wait,
            serve_behind: config.serve_behind,
            supervisor,
        }))
    }

    #[expect(clippy::type_complexity, reason = "the three kinds of lanes, taken apart by the only caller")]
    fn lanes(
        &self,
        work: &mpsc::UnboundedSender<Work>,
    ) -> Result<(Arc<Lane>, Arc<Lane>, Vec<Arc<Lane>>), PoolError> {
        let config = &self.config;
        let endpoint = |key, url: &str, role| {
            let watch = |name: &str| {
                let breaker = Breaker::measured(config.breaker.clone(), name, &self.meter)?;
                Ok((breaker, ServerMeters::new(&self.meter, name)))
            };
            Endpoint::new(Target::parse(key, url)?, role, &config.application_name, watch).map(Arc::new)
        };
        let lane = |endpoint: &Arc<Endpoint>, access, max| {
            let settings = session_config(endpoint, access, config.statement_timeout);
            let meters = LaneMeters::new(&self.meter, &endpoint.name, access.as_str());
            let limits = Limits::new(config, max);
            Lane::new(Arc::clone(endpoint), access, settings, limits, work.clone(), meters)
        };
        let primary = endpoint("primary", &config.primary, Role::Primary)?;
        let replicas = config
            .replicas
            .iter()
            .map(|url| endpoint("replicas", url, Role::Replica))
            .map(|found| found.map(|e| lane(&e, Access::Replica, config.replica_sessions_max)))
            .collect::<Result<_, _>>()?;
        Ok((
            lane(&primary, Access::Write, config.write_sessions_max),
            lane(&primary, Access::PrimaryRead, config.primary_read_sessions_max),
            replicas,
        ))
    }
}

/// The settings of a lane's sessions, given at the start of each, so that they cost no round trip and survive
/// `RESET ALL`.
fn session_config(endpoint: &Endpoint, access: Access, statement_timeout: Option<Duration>) -> Target {
    let mut target = endpoint.target.clone();
    let mut options = target.get_options().unwrap_or_default().to_owned();
    // On a replica as well: its sessions outlive its promotion.
    if access != Access::Write {
        options.push_str(" -c default_transaction_read_only=on");
    }
    if let Some(timeout) = statement_timeout {
        options.push_str(&format!(" -c statement_timeout={}", timeout.as_millis()));
    }
    if !options.is_empty() {
        target.config.options(options.trim_start());
    }
    target
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

/// Opens the first session on each server and checks that each is what it is said to be; returns the primary's
/// system identifier.
async fn first_look(crew: &Crew, write: &Arc<Lane>, replicas: &[Arc<Lane>]) -> Result<u64, PoolError> {
    let session = crew.open(write).await?;
    let system = session.origin().system;
    write.adopt(session);
    for (lane, opened) in replicas.iter().zip(future::join_all(replicas.iter().map(|l| crew.open(l))).await) {
        match opened {
            Ok(session) => {
                lane.endpoint.measure_lag(&crew.log, std::time::Instant::now());
                lane.adopt(session);
            }
            Err(error @ PoolError::Connect { .. }) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(endpoint = %lane.endpoint.name, error, "a replica cannot be reached at the start");
                lane.endpoint.unreachable();
            }
            Err(other) => return Err(other),
        }
    }
    Ok(system)
}

impl fmt::Debug for PoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
