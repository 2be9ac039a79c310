use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How to reach Memcached servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemcachedConfig {
    /// Each as `host:port`. All nodes must name the same servers in the same way. Default: `127.0.0.1:11211`.
    pub servers: Vec<String>,
    /// How long one exchange with a server may take. Default: 250 ms.
    #[serde(with = "humantime_serde")]
    pub command_timeout: Duration,
    /// How long opening a connection may take, the wait for a free one included. Default: 1 s.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Connections per server in use at a time. Default: 64.
    pub connections_max: usize,
    /// Idle connections kept per server: with fewer than are in use at busy times, others are opened and closed again and
    /// again. Default: 64.
    pub idle_max: usize,
    /// Larger items (key and envelope) are skipped. Raise it together with the server's `-I`. Default: 1 MiB less
    /// 512 bytes for the server's own header.
    pub item_bytes_max: usize,
}

impl Default for MemcachedConfig {
    fn default() -> Self {
        Self {
            servers: vec!["127.0.0.1:11211".into()],
            command_timeout: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(1),
            connections_max: 64,
            idle_max: 64,
            item_bytes_max: (1 << 20) - 512,
        }
    }
}

impl MemcachedConfig {
    /// The defaults for some servers.
    #[must_use]
    pub fn of<S: Into<String>>(servers: impl IntoIterator<Item = S>) -> Self {
        Self { servers: servers.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let odd = |server: &String| {
            let port = server.rsplit_once(':').filter(|(host, _)| !host.is_empty());
            let port = port.and_then(|(_, port)| port.parse::<u16>().ok());
            server.contains("://") || port.is_none_or(|port| port == 0)
        };
        if self.servers.is_empty() || self.servers.iter().any(odd) {
            return Err("servers are named host:port, and there is at least one");
        }
        if self.command_timeout.is_zero() || self.connect_timeout.is_zero() || self.connections_max == 0 {
            return Err("timeouts and connections_max must not be zero");
        }
        Ok(())
    }
}
