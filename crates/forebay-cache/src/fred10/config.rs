use fred::{
    clients::{Client, SubscriberClient},
    error::{Error, ErrorKind},
    types::{
        RespVersion,
        config::{Config, ConnectionConfig, PerformanceConfig, TcpConfig, UnresponsiveConfig},
    },
};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// How to reach a Redis server. Needs Redis 6 or later.
///
/// `Debug` leaves the URL out, because it may hold a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// `redis://[user:password@]host[:port][/database]`. Default: `redis://127.0.0.1:6379`.
    pub url: String,
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

    pub(super) fn client(&self) -> Result<Client, Error> {
        let performance = self.performance(64);
        Ok(Client::new(self.server()?, Some(performance), Some(self.connection()), None))
    }

    /// A client for subscriptions that also takes commands (RESP3), and holds `events_max` messages for its reader.
    pub(super) fn subscriber(&self, events_max: usize) -> Result<SubscriberClient, Error> {
        let server = Config { version: RespVersion::RESP3, ..self.server()? };
        let performance = self.performance(events_max);
        Ok(SubscriberClient::new(server, Some(performance), Some(self.connection()), None))
    }

    fn server(&self) -> Result<Config, Error> {
        let refuse = |why: &'static str| Err(Error::new(ErrorKind::Config, why));
        match self.url.split_once("://").map(|(scheme, _)| scheme) {
            Some("redis") => {}
            Some("rediss") => {
                return refuse("rediss:// asks for TLS, which this build of the Redis tier does not have");
            }
            Some("redis-sentinel" | "redis-cluster") => {
                return refuse(
                    "sentinel and cluster are not reached by URL: connect a fred client and use from_client",
                );
            }
            _ => return refuse("not a Redis URL: expected redis://[user:password@]host[:port][/database]"),
        }
        if self.command_timeout.is_zero() || self.connect_timeout.is_zero() || self.dead_after.is_zero() {
            return refuse("a timeout of zero would be none at all");
        }
        // One attempt to connect, and no reconnect policy: fred would carry out what was queued before the connection broke
        // after it is back, however much later that is. The supervisor (link.rs) connects again instead.
        let mut server = Config::from_url_centralized(&self.url)?;
        server.fail_fast = true;
        Ok(server)
    }

    /// Everything here overrides a default of fred that would wait, queue or drop without a bound.
    fn connection(&self) -> ConnectionConfig {
        ConnectionConfig {
            connection_timeout: self.connect_timeout,
            internal_command_timeout: self.connect_timeout,
            max_command_attempts: 1,
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
            .field("command_timeout", &self.command_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("dead_after", &self.dead_after)
            .field("reconnect_delay_min", &self.reconnect_delay_min)
            .field("reconnect_delay_max", &self.reconnect_delay_max)
            .field("queued_max", &self.queued_max)
            .finish_non_exhaustive()
    }
}
