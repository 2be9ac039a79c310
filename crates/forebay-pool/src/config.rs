//! What a pool is told: plain data.

mod validate;

use crate::{
    catalog::CatalogConfig, error::PoolError, freshness::WithoutReplica, hedging::HedgingConfig, mode::Mode,
    observer::ObservedValues, places::ServerConfig, pooler::Pooler, routed::Routing, spans::TracedText,
    target::Target,
};
use forebay_traffic::{BalancerConfig, BreakerConfig};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, time::Duration};

/// How a pool connects, how large it may grow, and how fresh replicas must be.
///
/// Plain data: build it in code, or read it with serde (unknown keys are refused, missing ones have the
/// defaults below). [`crate::PoolBuilder::build`] checks it and names the key that is wrong.
///
/// ```
/// use forebay_pool::PoolConfig;
/// let config = PoolConfig::from_url("postgres://app@db-1/shop")?.replicas(["postgres://app@db-2/shop"])?;
/// assert_eq!(config.replicas.len(), 1);
/// # Ok::<_, forebay_pool::PoolError>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolConfig {
    /// Connection string of the primary, as a URL or as `key=value` pairs; one host. Required.
    pub primary: String,
    /// Connection strings of streaming standbys of the same database, at most [`PoolConfig::REPLICAS_MAX`].
    /// Default: none, every read goes to the primary.
    pub replicas: Vec<String>,
    /// Whether sessions outlive their use: `kept`, or `per_use` for serverless functions. Default: [`Mode::Kept`].
    pub mode: Mode,
    /// Most sessions for writes and transactions on the primary. Default: 10.
    pub write_sessions_max: usize,
    /// Most read-only sessions on the primary, on top of the above. Default: 10.
    pub primary_read_sessions_max: usize,
    /// Most sessions on each replica. Default: 10.
    pub replica_sessions_max: usize,
    /// Idle sessions kept open for each of the three kinds above. Default: 1.
    pub idle_sessions_min: usize,
    /// Idle sessions for writes kept open. Default: `idle_sessions_min`.
    pub write_idle_min: Option<usize>,
    /// Idle read-only sessions on the primary kept open. Default: `idle_sessions_min`.
    pub primary_read_idle_min: Option<usize>,
    /// Idle sessions kept open on each replica. Default: `idle_sessions_min`.
    pub replica_idle_min: Option<usize>,
    /// Most callers that wait for a session of one kind on one server; the next is refused. Default: 1024.
    pub queue_max: usize,
    /// When even the shortest wait for a session in `queue_delay_interval` was longer than this, the newest caller
    /// of the lowest class is refused at once with [`PoolError::Overloaded`], until waits are shorter. Judged for
    /// each kind on each server and each [class](crate::Priority) by itself. Default: none, nobody is refused.
    #[serde(with = "humantime_serde")]
    pub queue_delay_max: Option<Duration>,
    /// How long waits must be too long before anybody is refused for it: a burst that is through by then is
    /// absorbed. Default: 100 ms.
    #[serde(with = "humantime_serde")]
    pub queue_delay_interval: Duration,
    /// Longest wait for a session, on all servers together; a request's own deadline may shorten it. Where the primary
    /// may serve a read, replicas are waited for during three quarters of it. Default: 5 s.
    #[serde(with = "humantime_serde")]
    pub acquire_timeout: Duration,
    /// Longest time one connect may take. Default: 5 s.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// A guard that is out for longer is reported once, with the line that took it: a log line, a counter, and
    /// [`crate::SessionsStatus::held_long`]. Noticed up to 2 s late. Default: 30 s.
    #[serde(with = "humantime_serde")]
    pub held_warn: Duration,
    /// Pairs of places remembered of each kind on each server, where a task waited for a session while it held
    /// one of the same kind: each is reported once, with both lines. Default: 64.
    pub nested_places_max: usize,
    /// Whether a task that holds a session and asks for another of the same kind is refused with
    /// [`PoolError::Nested`] when every session is with a task that waits so, itself included. Nobody gives one back
    /// then, unless a task does several things at once (joined or selected futures), which cannot be seen from
    /// here; with `false` it waits until `acquire_timeout`. Default: `false`.
    pub nested_refused: bool,
    /// An idle session above the minimum is closed after this time. Default: 10 min.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// A session ends after this time, shortened by up to a tenth at random so that sessions opened together do
    /// not end together. Where there is room beside it, its replacement is opened before that (in the last 10 s, or
    /// the last half of a shorter lifetime), and it ends as soon as that is there. Default: 30 min.
    #[serde(with = "humantime_serde")]
    pub lifetime: Duration,
    /// Once [`Credentials`](crate::Credentials) give another user or password, sessions that were opened before end
    /// when they are idle, not at the end of their `lifetime`. Default: `false`.
    pub retire_old_logins: bool,
    /// A replica that is further behind gets no reads. Default: 5 s.
    #[serde(with = "humantime_serde")]
    pub lag_max: Duration,
    /// What becomes of a read when no replica is fresh enough: `primary` or `refuse`. Default: `primary`.
    pub without_replica: WithoutReplica,
    /// Whether statements go where their text allows: `on`, or `shadow` to count only what would. Default: `on`.
    pub routing: Routing,
    /// Time between two looks at each server's role and log position, and the error of measured lag.
    /// Default: 250 ms.
    #[serde(with = "humantime_serde")]
    pub probe_interval: Duration,
    /// A server that does not answer a probe in this time counts as unreachable. Default: 1 s.
    #[serde(with = "humantime_serde")]
    pub probe_timeout: Duration,
    /// How long a read that must see a position waits on a replica for it, before it goes to the primary.
    /// Default: 10 ms.
    #[serde(with = "humantime_serde")]
    pub catch_up_wait: Duration,
    /// A session handed back with a running statement or an open transaction is closed and replaced when the
    /// server needs longer than this to be clean. Default: 5 s.
    #[serde(with = "humantime_serde")]
    pub cleanup_timeout: Duration,
    /// `statement_timeout` of every session, enforced by the server. Default: none (the server's own).
    #[serde(with = "humantime_serde")]
    pub statement_timeout: Option<Duration>,
    /// Whether a transaction pooler stands between the pool and its servers. Default: [`Pooler::Auto`].
    pub pooler: Pooler,
    /// Connection strings that lead to the servers themselves, past a transaction pooler, for what needs a connection of its
    /// own: [`Pool::listen`](crate::Pool::listen). One for `primary` and each of `replicas`, in their order, or a single
    /// one that leads to whichever is the primary. Default: none, the addresses above are used.
    pub direct: Vec<String>,
    /// Prepared statements kept per session; the least recently used one goes first. Default: 256.
    pub statements_max: usize,
    /// Bytes of their texts per session, which also bound what the server keeps of them; what is longer by itself is prepared
    /// for one use. Default: 1 MiB.
    pub statements_bytes_max: usize,
    /// Notifications a [`Listener`](crate::Listener) keeps until they are taken; what comes then is counted and shows
    /// as a [`Gap`](crate::Gap). Default: 1024.
    pub listen_buffer_max: usize,
    /// `insert_many` copies at least this many rows, and sends fewer as arrays with one statement, which takes a round
    /// trip less; `cargo xtask bench pool bulk` shows where the two meet. Default: 3000.
    pub bulk_copy_rows_min: usize,
    /// Sessions on each server that the callers of [`Pool::pipelined`](crate::Pool::pipelined) share, opened when the
    /// first of them asks; 0 leaves every such read to a guard. Default: 2.
    pub pipelined_sessions: usize,
    /// Statements sent on one shared session and not answered; what comes then is read by a guard. Default: 128.
    pub pipelined_depth_max: usize,
    /// A statement that takes longer on a shared session holds the others up: those behind it are asked again by
    /// guards, and when it is so more than now and then it is kept out for `pipelined_slow_for`. Default: 25 ms.
    #[serde(with = "humantime_serde")]
    pub pipelined_slow: Duration,
    /// `statement_timeout` of shared sessions, unless `statement_timeout` is shorter. What the server stops is run again by
    /// a guard. Default: 500 ms.
    #[serde(with = "humantime_serde")]
    pub pipelined_timeout: Duration,
    /// For how long a slow statement is read by guards, before it is tried again. Default: 30 s.
    #[serde(with = "humantime_serde")]
    pub pipelined_slow_for: Duration,
    /// Slow statements remembered, by fingerprint; one more takes the place of the oldest. Default: 1024.
    pub pipelined_slow_max: usize,
    /// Statements remembered as refused by standbys, which go to the primary at once. Default: 4096.
    pub learned_max: usize,
    /// Memory for what is known of statements by their text, in bytes. Default: 4 MiB.
    pub classifier_bytes_max: usize,
    /// When a replica that answers probes but fails statements is left alone, and for how long. Default:
    /// [`BreakerConfig::default`].
    pub breaker: BreakerConfig,
    /// How reads are spread over the replicas: what an error costs, when one that stands out gets fewer, and how it comes
    /// back. Default: [`BalancerConfig::default`].
    pub balancer: BalancerConfig,
    /// Functions of your own that only read, as SQL has their names (`score`, `app.score`): they may run on replicas,
    /// whatever the catalogue says. One without a schema counts in every schema. Default: none.
    pub read_only_functions: Vec<String>,
    /// Functions that are only called on the primary, built-in ones included; outranks `read_only_functions`. Default:
    /// none.
    pub primary_functions: Vec<String>,
    /// Tables and views that are only read on the primary by [`Pool::query`](crate::Pool::query) and its kin. Default:
    /// none.
    pub primary_tables: Vec<String>,
    /// Whether and how the database's catalogue is read, for what no text shows. Default: it is not.
    pub catalog: CatalogConfig,
    /// The zone this process is in: reads stay there while its replicas are not much dearer, and have a session free.
    /// Default: none, every server is near.
    pub zone: Option<String>,
    /// How many times dearer this zone's best replica must be (slower, busier, failing) before one of another zone is
    /// asked; from 1 to 1,000. Default: 3.
    pub zone_factor: f64,
    /// Zone and weight of servers by `host:port`, or by `host` where the port is 5432: as many as one likes. Default: none.
    pub servers: BTreeMap<String, ServerConfig>,
    /// When a read that one replica is slow to answer is asked of a second one as well. Default: none, never.
    pub hedging: Option<HedgingConfig>,
    /// What to do with a read that must see a position when no replica has reached it and the primary cannot
    /// be reached: `false` is an error, `true` serves what a replica has and marks the scope as behind.
    /// Default: `false`.
    pub serve_behind: bool,
    /// What [observers](crate::QueryObserver) are shown of bound values: `hidden` or `shown`. Default: `hidden`.
    pub observed_values: ObservedValues,
    /// What spans show of a statement's text: `fingerprint`, `normalized` (without its values) or `full`. Default:
    /// `fingerprint`.
    pub traced_text: TracedText,
    /// `application_name` of sessions whose connection string has none. Default: `forebay`.
    pub application_name: String,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            primary: String::new(),
            replicas: Vec::new(),
            mode: Mode::default(),
            write_sessions_max: 10,
            primary_read_sessions_max: 10,
            replica_sessions_max: 10,
            idle_sessions_min: 1,
            write_idle_min: None,
            primary_read_idle_min: None,
            replica_idle_min: None,
            queue_max: 1024,
            queue_delay_max: None,
            queue_delay_interval: Duration::from_millis(100),
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            held_warn: Duration::from_secs(30),
            nested_places_max: 64,
            nested_refused: false,
            idle_timeout: Duration::from_secs(600),
            lifetime: Duration::from_secs(1800),
            retire_old_logins: false,
            lag_max: Duration::from_secs(5),
            without_replica: WithoutReplica::Primary,
            routing: Routing::On,
            probe_interval: Duration::from_millis(250),
            probe_timeout: Duration::from_secs(1),
            catch_up_wait: Duration::from_millis(10),
            cleanup_timeout: Duration::from_secs(5),
            statement_timeout: None,
            pooler: Pooler::default(),
            direct: Vec::new(),
            statements_max: 256,
            statements_bytes_max: 1 << 20,
            listen_buffer_max: 1024,
            bulk_copy_rows_min: 3000,
            pipelined_sessions: 2,
            pipelined_depth_max: 128,
            pipelined_slow: Duration::from_millis(25),
            pipelined_timeout: Duration::from_millis(500),
            pipelined_slow_for: Duration::from_secs(30),
            pipelined_slow_max: 1024,
            learned_max: 4096,
            classifier_bytes_max: 4 << 20,
            breaker: BreakerConfig::default(),
            balancer: BalancerConfig::default(),
            read_only_functions: Vec::new(),
            primary_functions: Vec::new(),
            primary_tables: Vec::new(),
            catalog: CatalogConfig::default(),
            zone: None,
            zone_factor: 3.0,
            servers: BTreeMap::new(),
            hedging: None,
            serve_behind: false,
            observed_values: ObservedValues::default(),
            traced_text: TracedText::default(),
            application_name: "forebay".to_owned(),
        }
    }
}

impl PoolConfig {
    /// Most replicas of one pool.
    pub const REPLICAS_MAX: usize = 16;
    /// Longest of the durations: 365 days.
    pub const DURATION_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    /// What a server takes for `statement_timeout`: 2³¹ − 1 ms.
    pub const STATEMENT_TIMEOUT_MAX: Duration = Duration::from_millis(i32::MAX as u64);

    /// A configuration for one primary; everything else has its default.
    ///
    /// # Errors
    /// [`PoolError::Config`] when the text is not a connection string with one host.
    pub fn from_url(primary: &str) -> Result<Self, PoolError> {
        Target::parse("primary", primary)?;
        Ok(Self { primary: primary.to_owned(), ..Self::default() })
    }

    /// Adds streaming standbys that serve reads.
    ///
    /// # Errors
    /// [`PoolError::Config`] when one of the texts is not a connection string with one host.
    pub fn replicas<S: AsRef<str>>(mut self, urls: impl IntoIterator<Item = S>) -> Result<Self, PoolError> {
        for url in urls {
            Target::parse("replicas", url.as_ref())?;
            self.replicas.push(url.as_ref().to_owned());
        }
        Ok(self)
    }

    /// `host:port` of the primary and each replica, in this order.
    pub(crate) fn endpoints(&self) -> Result<Vec<String>, PoolError> {
        let primary = std::iter::once(("primary", &self.primary));
        let all = primary.chain(self.replicas.iter().map(|url| ("replicas", url)));
        all.map(|(key, url)| Ok(Target::parse(key, url)?.endpoint())).collect()
    }
}

impl fmt::Debug for PoolConfig {
    /// Connection strings are left out: they may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolConfig")
            .field("replicas", &self.replicas.len())
            .field("write_sessions_max", &self.write_sessions_max)
            .field("primary_read_sessions_max", &self.primary_read_sessions_max)
            .field("replica_sessions_max", &self.replica_sessions_max)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("lag_max", &self.lag_max)
            .finish_non_exhaustive()
    }
}
