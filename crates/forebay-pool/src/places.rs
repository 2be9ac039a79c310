//! Where servers are, and how much each can carry.

use crate::{config::PoolConfig, error::PoolError, target::DEFAULT_PORT};
use serde::{Deserialize, Serialize};

/// What is known of one server beyond its connection string.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// The zone it is in. Default: none, it counts as near.
    pub zone: Option<String>,
    /// How much it can carry, compared with the others, from 0.001 to 1,000: of two that are equally fast, one with 2 is
    /// given twice as many reads at the same time. Default: 1.
    pub weight: f64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { zone: None, weight: 1.0 }
    }
}

/// What the balancer is told of one server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) weight: f64,
    /// In another zone than this process.
    pub(crate) far: bool,
}

/// The places of servers of these names, in this order.
///
/// # Errors
/// [`PoolError::Config`] for a server that is none of them, or a weight that cannot be.
pub(crate) fn places(config: &PoolConfig, endpoints: &[String]) -> Result<Vec<Place>, PoolError> {
    let names = |key: &str, endpoint: &str| {
        endpoint == key || endpoint.strip_suffix(&format!(":{DEFAULT_PORT}")) == Some(key)
    };
    if !(1.0..=1000.0).contains(&config.zone_factor) {
        return Err(PoolError::config("zone_factor", "must be from 1 to 1000"));
    }
    for (key, server) in &config.servers {
        if !endpoints.iter().any(|endpoint| names(key, endpoint)) {
            let reason = format!("has `{key}`, which is none of {}", endpoints.join(", "));
            return Err(PoolError::config("servers", reason));
        }
        if !(0.001..=1000.0).contains(&server.weight) {
            let reason = format!("has a weight of `{key}` that is not from 0.001 to 1000");
            return Err(PoolError::config("servers", reason));
        }
    }
    let place = |endpoint: &String| {
        let told = config.servers.iter().find(|(key, _)| names(key, endpoint)).map(|(_, server)| server);
        let zone = told.and_then(|server| server.zone.as_ref());
        Place {
            weight: told.map_or(1.0, |server| server.weight),
            far: matches!((zone, &config.zone), (Some(theirs), Some(ours)) if theirs != ours),
        }
    };
    Ok(endpoints.iter().map(place).collect())
}
