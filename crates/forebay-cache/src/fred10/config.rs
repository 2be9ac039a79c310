use crate::TierError;
use fred::{
    clients::{Client, SubscriberClient},
    error::Error,
    types::{
        RespVersion,
        config::{Config, ConnectionConfig, PerformanceConfig, ServerConfig, TcpConfig, UnresponsiveConfig},
    },
};
use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf, time::Duration};

/// How to reach Redis: one server, a primary behind sentinels, or a cluster. Needs Redis 6 or later.
///
/// `Debug` leaves the URLs out, because they may hold passwords.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// Where Redis is. Default: `redis://127.0.0.1:6379`. One of
    /// - `redis://[user:password@]host[:port][/database]`: one server;
    /// - `redis-sentinel://[user:password@]host[:port][/database]?sentinelServiceName=NAME[&node=host:port…]`: a primary as
    ///   the sentinels name it; `&sentinelUsername=…&sentinelPassword=…` where those ask for their own;
    /// - `redis-cluster://[user:password@]host:port[?node=host:port[&node=…]]`: a cluster, by some of its nodes.
    ///
    /// `rediss`, `rediss-sentinel` and `rediss-cluster` speak TLS, which needs the feature `rustls`.
    pub url: String,
    /// A PEM file with the authorities that vouch for the servers' certificates. Default: the platform's.
    pub tls_ca: Option<PathBuf>,
    /// Read entries from a cluster's replicas, which spreads the load: what a replica has not heard of yet is a miss, and
    /// an entry it still has is checked like any other against the numbers the primary gave out. Everything else goes to
    /// the primary. Replicas that join later are used after the next connection or move of a slot. Default: no.
    pub read_from_replicas: bool,
    /// The same for one server or sentinels: read-only replicas, as `redis://…` or `rediss://…`, asked in turn; the primary
    /// takes the place of those that are away. Default: none.
    pub replica_urls: Vec<String>,
    /// How long a command may take, its wait in this process included. Default: 250 ms.
    #[serde(with = "humantime_serde")]
    pub command_timeout: Duration,
    /// How long opening a connection and logging in may take. Default: 2 s.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// A connection on which nothing was answered for this long is closed and opened again. Default: 2 s.
    #[serde(with = "humantime_serde")]
    pub dead_after: Duration,
    /// The wait before the second attempt to connect; it doubles with each further one and is spread at random.
    /// Default: 20 ms.
    #[serde(with = "humantime_serde")]
    pub reconnect_delay_min: Duration,
    /// The longest wait between attempts, which never end. Default: 2 s.
    #[serde(with = "humantime_serde")]
    pub reconnect_delay_max: Duration,
    /// Commands (a batch counts as one) that may wait to be written; more are refused at once. Default: 4096.
    pub queued_max: usize,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            url: "redis://127.0.0.1:6379".into(),
            tls_ca: None,
            read_from_replicas: false,
            replica_urls: Vec::new(),
            command_timeout: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(2),
            dead_after: Duration::from_secs(2),
            reconnect_delay_min: Duration::from_millis(20),
            reconnect_delay_max: Duration::from_secs(2),
            queued_max: 4096,
        }
    }
}

impl RedisConfig {
    /// The defaults for a server.
    #[must_use]
    pub fn from_url(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Checks the settings without connecting anywhere.
    ///
    /// # Errors
    /// A URL that does not parse or asks for what this build does not have, settings that contradict each other, a timeout
    /// of zero, a file of certificates that cannot be read.
    pub fn validate(&self) -> Result<(), TierError> {
        self.check().map_err(|source| TierError { tier: "redis", step: "connect", source: source.into() })
    }

    pub(super) fn client(&self) -> Result<Client, Error> {
        self.check()?;
        self.client_at(&self.url)
    }

    /// A client for each replica that entries may be read from.
    pub(super) fn replica_clients(&self) -> Result<Vec<Client>, Error> {
        self.replica_urls.iter().map(|url| self.client_at(url)).collect()
    }

    fn client_at(&self, url: &str) -> Result<Client, Error> {
        let server = self.server_at(url)?;
        let connection = self.connection(&server);
        Ok(Client::new(server, Some(self.performance(64)), Some(connection), None))
    }

    /// A client for subscriptions that also takes commands (RESP3), and holds `events_max` messages for its reader.
    pub(super) fn subscriber(&self, events_max: usize) -> Result<SubscriberClient, Error> {
        self.check()?;
        let server = Config { version: RespVersion::RESP3, ..self.server_at(&self.url)? };
        let (performance, connection) = (self.performance(events_max), self.connection(&server));
        Ok(SubscriberClient::new(server, Some(performance), Some(connection), None))
    }

    /// Everything here overrides a default of fred that would wait, queue or drop without a bound.
    fn connection(&self, server: &Config) -> ConnectionConfig {
        // In a cluster the second attempt follows the first to where the slot has moved.
        let is_cluster = matches!(server.server, ServerConfig::Clustered { .. });
        ConnectionConfig {
            connection_timeout: self.connect_timeout,
            internal_command_timeout: self.connect_timeout,
            max_command_attempts: if is_cluster { 2 } else { 1 },
            max_command_buffer_len: self.queued_max.max(1),
            reconnect_on_auth_error: true,
            unresponsive: UnresponsiveConfig {
                max_timeout: Some(self.dead_after),
                interval: self.dead_after / 4,
            },
            tcp: TcpConfig { nodelay: Some(true), ..TcpConfig::default() },
            ..ConnectionConfig::default()
        }
    }

    fn performance(&self, broadcast_channel_capacity: usize) -> PerformanceConfig {
        PerformanceConfig {
            default_command_timeout: self.command_timeout,
            broadcast_channel_capacity,
            ..PerformanceConfig::default()
        }
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("tls_ca", &self.tls_ca)
            .field("read_from_replicas", &self.read_from_replicas)
            .field("replicas", &self.replica_urls.len())
            .field("command_timeout", &self.command_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("dead_after", &self.dead_after)
            .field("reconnect_delay_min", &self.reconnect_delay_min)
            .field("reconnect_delay_max", &self.reconnect_delay_max)
            .field("queued_max", &self.queued_max)
            .finish_non_exhaustive()
    }
}
