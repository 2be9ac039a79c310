//! What the pool's statements do, and how the planner is asked about them.

use crate::{
    Error,
    config::{ConfigError, Origin, Settings},
};
use forebay_metrics::Meter;
use forebay_plan::{Capture, NPlusOneDetector, Plans, SettingError};
use forebay_pool::{ObservedValues, PoolConfig};

/// What the pool is to tell.
pub(crate) fn capture(settings: &Settings, meter: &Meter) -> Result<Capture, Error> {
    Ok(Capture::measured(settings.plan.capture.clone(), meter)
        .map_err(|error| wrong("plan.capture", &error))?)
}

/// Who watches requests that ask one thing again and again.
pub(crate) fn n_plus_one(settings: &Settings, meter: &Meter) -> Option<NPlusOneDetector> {
    settings.plan.n_plus_one.clone().map(|n_plus_one| NPlusOneDetector::measured(n_plus_one, meter))
}

/// Asks about what the pool told, on its own servers.
pub(crate) fn start(
    settings: &Settings,
    pool: &PoolConfig,
    capture: Capture,
    meter: &Meter,
) -> Result<Plans, Error> {
    let primary = pool.primary.parse()?;
    let replica = pool.replicas.first().map(|url| url.parse()).transpose()?;
    let plans = Plans::start(capture, &settings.plan.explain, primary, replica, meter);
    Ok(plans.map_err(|error| wrong("plan.explain", &error))?)
}

/// What is wrong with the section, by its key.
pub(crate) fn check(settings: &Settings) -> Result<(), (&'static str, String)> {
    let plan = &settings.plan;
    plan.capture.check().map_err(|error| ("plan.capture", error.to_string()))?;
    plan.explain.check().map_err(|error| ("plan.explain", error.to_string()))?;
    if let Some(n_plus_one) = &plan.n_plus_one {
        n_plus_one.check().map_err(|error| ("plan.n_plus_one", error.to_string()))?;
    }
    let hidden =
        settings.postgres.as_ref().is_some_and(|postgres| postgres.observed_values != ObservedValues::Shown);
    if plan.explain.enabled && hidden {
        let problem = "needs the values of calls: set postgres.observed_values to `shown`";
        return Err(("plan.explain.enabled", problem.to_owned()));
    }
    Ok(())
}

fn wrong(section: &str, error: &SettingError) -> ConfigError {
    ConfigError::Value { key: section.to_owned(), origin: Origin::Code, problem: error.to_string() }
}
