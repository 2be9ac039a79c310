//! Which Redis, and which namespace in it.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use forebay_cache::fred10::{RedisConfig, RedisInspector, SequencerConfig};

use crate::error::Error;

/// How to reach the caches.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct Connection {
    /// The server, as services are told: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS,
    /// `redis-sentinel://` or `redis-cluster://`.
    #[arg(long, env = "REDIS_URL", default_value = "redis://127.0.0.1:6379", hide_env_values = true)]
    redis: String,
    /// The namespace: `service.name` of the services that share it.
    #[arg(long, default_value = "default")]
    namespace: String,
    /// What the keys of the chain begin with; only where a service set another one.
    #[arg(long, default_value = "forebay:")]
    key_prefix: String,
    /// A PEM file with the authorities that vouch for the server's certificate, where the platform's do not.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// How many seconds connecting, and each answer, may take.
    #[arg(long, default_value_t = 3.0, value_name = "SECONDS", value_parser = crate::cli::seconds)]
    timeout: f64,
}

impl Connection {
    pub(super) fn redis(&self) -> RedisConfig {
        let mut redis = RedisConfig::from_url(&self.redis);
        redis.tls_ca.clone_from(&self.tls_ca);
        redis.command_timeout = self.timeout();
        redis.connect_timeout = self.timeout();
        redis
    }

    pub(super) fn chain(&self) -> SequencerConfig {
        let mut chain = SequencerConfig::of(&self.namespace);
        self.key_prefix.clone_into(&mut chain.key_prefix);
        chain
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout)
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Connects, and finds the namespace.
    pub(super) async fn inspector(&self) -> Result<RedisInspector, Error> {
        Ok(RedisInspector::connect(&self.redis(), self.chain()).await?)
    }
}
