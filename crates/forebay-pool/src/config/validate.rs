//! Whether what a pool is told can be done.

use super::PoolConfig;
use crate::{error::PoolError, hedging::HedgingConfig, mode::Mode, places::places, target::Target};
use forebay_sql::RelationName;
use std::time::Duration;

impl PoolConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// [`PoolError::Config`] with the key that is wrong and why.
    pub fn validate(&self) -> Result<(), PoolError> {
        self.check_addresses()?;
        self.check_parts()?;
        for (key, value) in [
            ("write_sessions_max", self.write_sessions_max),
            ("primary_read_sessions_max", self.primary_read_sessions_max),
            ("replica_sessions_max", self.replica_sessions_max),
            ("statements_max", self.statements_max),
            ("statements_bytes_max", self.statements_bytes_max),
            ("listen_buffer_max", self.listen_buffer_max),
            ("pipelined_depth_max", self.pipelined_depth_max),
            ("pipelined_slow_max", self.pipelined_slow_max),
        ] {
            if value == 0 {
                return Err(PoolError::config(key, "must be at least 1"));
            }
        }
        self.validate_times()
    }

    fn validate_times(&self) -> Result<(), PoolError> {
        for (key, value) in [
            ("queue_delay_max", self.queue_delay_max.unwrap_or(self.queue_delay_interval)),
            ("queue_delay_interval", self.queue_delay_interval),
            ("acquire_timeout", self.acquire_timeout),
            ("connect_timeout", self.connect_timeout),
            ("held_warn", self.held_warn),
            ("idle_timeout", self.idle_timeout),
            ("lifetime", self.lifetime),
            ("lag_max", self.lag_max),
            ("probe_interval", self.probe_interval),
            ("probe_timeout", self.probe_timeout),
            ("cleanup_timeout", self.cleanup_timeout),
            ("pipelined_slow", self.pipelined_slow),
            ("pipelined_timeout", self.pipelined_timeout),
            ("pipelined_slow_for", self.pipelined_slow_for),
            ("statement_timeout", self.statement_timeout.unwrap_or(Self::STATEMENT_TIMEOUT_MAX)),
        ] {
            if value < Duration::from_millis(1) {
                return Err(PoolError::config(key, "must be at least 1 ms"));
            }
            // Later points in time cannot be told by every clock.
            if value > Self::DURATION_MAX {
                return Err(PoolError::config(key, "must be at most 365 days"));
            }
        }
        if self.catch_up_wait > Self::DURATION_MAX {
            return Err(PoolError::config("catch_up_wait", "must be at most 365 days"));
        }
        for (key, timeout) in [
            ("statement_timeout", self.statement_timeout.unwrap_or(Self::STATEMENT_TIMEOUT_MAX)),
            ("pipelined_timeout", self.pipelined_timeout),
        ] {
            if timeout > Self::STATEMENT_TIMEOUT_MAX {
                return Err(PoolError::config(key, "must be at most 2147483647 ms"));
            }
        }
        Ok(())
    }

    /// What has a type of its own checks itself; that they go together is checked here.
    fn check_parts(&self) -> Result<(), PoolError> {
        self.breaker.check().map_err(|error| PoolError::config("breaker", error.to_string()))?;
        self.balancer.check().map_err(|error| PoolError::config("balancer", error.to_string()))?;
        self.catalog.check()?;
        if self.mode == Mode::PerUse && self.catalog.enabled {
            return Err(PoolError::config(
                "catalog",
                "is read over a session that is kept: not in mode `per_use`",
            ));
        }
        self.check_names()?;
        places(self, &self.endpoints()?)?;
        self.hedging.as_ref().map_or(Ok(()), HedgingConfig::check)
    }

    /// The lists of functions and tables have names.
    fn check_names(&self) -> Result<(), PoolError> {
        for (key, names) in [
            ("read_only_functions", &self.read_only_functions),
            ("primary_functions", &self.primary_functions),
            ("primary_tables", &self.primary_tables),
        ] {
            if let Some(wrong) = names.iter().find(|name| RelationName::parse(name).is_none()) {
                return Err(PoolError::config(key, format!("has `{wrong}`, which is no name as SQL has it")));
            }
        }
        Ok(())
    }

    fn check_addresses(&self) -> Result<(), PoolError> {
        if self.primary.is_empty() {
            return Err(PoolError::config(
                "primary",
                "is missing: give the connection string of the primary",
            ));
        }
        self.endpoints()?;
        if self.replicas.len() > Self::REPLICAS_MAX {
            return Err(PoolError::config(
                "replicas",
                format!("has more than {} entries", Self::REPLICAS_MAX),
            ));
        }
        for url in &self.direct {
            Target::parse("direct", url)?;
        }
        if ![0, 1, 1 + self.replicas.len()].contains(&self.direct.len()) {
            return Err(PoolError::config(
                "direct",
                "has to name one server, or the primary and every replica".to_owned(),
            ));
        }
        Ok(())
    }
}
