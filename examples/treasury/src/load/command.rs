use super::{Address, Fleet, FleetConfig};
use crate::{LoadArgs, terminal};
use anyhow::Context;
use std::time::Duration;

/// `treasury load`.
pub(crate) fn command(args: &LoadArgs) -> anyhow::Result<()> {
    let targets = args.targets.iter().map(|url| Address::parse(url)).collect::<Result<_, _>>()?;
    let mut fleet = Fleet::new(&FleetConfig {
        targets,
        connections: usize::from(args.connections),
        scale: args.scale,
        seed: args.seed,
        payments_percent: args.payments_percent,
        bound: Duration::from_millis(args.bound_ms),
    });
    let length = Duration::from_secs_f64(args.seconds);
    let report = match args.rate {
        Some(rate) => fleet.open(rate, length),
        None => fleet.closed(length),
    };
    let text = serde_json::to_string_pretty(&report.json())?;
    match &args.json {
        Some(file) => {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        None => terminal::result(&text),
    }
    anyhow::ensure!(report.freshness.stale == 0, "{} answers were stale", report.freshness.stale);
    let first = report.first_error.unwrap_or_default();
    anyhow::ensure!(report.errors == 0, "{} requests failed, such as {first}", report.errors);
    Ok(())
}
