//! What the configuration of Postgres starts, and what the pool's status means for health.

use crate::{Condition, Error, PartHealth, config::Settings, health::POSTGRES};
use forebay_metrics::Meter;
use forebay_pool::{Pool, PoolConfig, PoolStatus, Role, ServerStatus};

/// The pool, and who watches its statements.
pub(crate) struct Postgres {
    pub(crate) pool: Pool,
    #[cfg(feature = "plan")]
    pub(crate) plans: forebay_plan::Plans,
}

impl Postgres {
    #[cfg_attr(
        not(feature = "plan"),
        expect(unused_variables, reason = "the settings are for watching statements")
    )]
    pub(crate) async fn start(
        config: &PoolConfig,
        settings: &Settings,
        meter: &Meter,
    ) -> Result<Self, Error> {
        let builder = Pool::builder(config.clone()).meter(meter.clone());
        #[cfg(feature = "plan")]
        let capture = crate::plans::capture(settings, meter)?;
        #[cfg(feature = "plan")]
        let mut builder = builder.observer(std::sync::Arc::new(capture.clone()));
        #[cfg(feature = "plan")]
        let n_plus_one = crate::plans::n_plus_one(settings, meter);
        #[cfg(feature = "plan")]
        if let Some(detector) = &n_plus_one {
            builder = builder.observer(std::sync::Arc::new(detector.clone()));
        }
        let pool = builder.build().await?;
        #[cfg(feature = "plan")]
        let mut plans = crate::plans::start(settings, config, capture, meter)?;
        #[cfg(feature = "plan")]
        if let Some(detector) = n_plus_one {
            plans = plans.with_n_plus_one(detector);
        }
        Ok(Self {
            pool,
            #[cfg(feature = "plan")]
            plans,
        })
    }
}

/// Up when every server answers and plays its role; degraded while reads or writes still have a server; else down.
pub(crate) fn health(status: &PoolStatus) -> PartHealth {
    let works = |server: &&ServerStatus| server.reachable && server.in_role;
    let primary = status.servers.iter().filter(|s| s.role == Role::Primary).any(|s| works(&s));
    let replicas = status.servers.iter().filter(|s| s.role == Role::Replica).count();
    let working = status.servers.iter().filter(|s| s.role == Role::Replica).filter(works).count();
    let condition = match (primary, working) {
        (true, n) if n == replicas => Condition::Up,
        (false, 0) => Condition::Down,
        _ => Condition::Degraded,
    };
    let primary = if primary { "the primary answers" } else { "the primary does not answer" };
    let detail = match replicas {
        0 => primary.to_owned(),
        _ => format!("{primary}, {working} of {replicas} replicas serve reads"),
    };
    PartHealth { part: POSTGRES, condition, detail }
}
