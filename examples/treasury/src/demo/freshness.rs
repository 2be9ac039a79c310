use super::databases::Databases;
use crate::{
    load::{Address, Fleet, FleetConfig, Report},
    terminal,
};
use std::time::Duration;

/// How far behind a node may be that did not take the payment itself: the backplane's delay.
pub(super) const BOUND: Duration = Duration::from_millis(100);
/// Of a hundred requests here; more than elsewhere, so that there is something to be late with.
const PAYMENTS_PERCENT: u8 = 10;

/// What the run needs to know.
#[derive(Debug)]
pub(super) struct FreshnessPlan {
    /// Two nodes on one Redis; payments go to the first.
    pub(super) nodes: Vec<Address>,
    pub(super) connections: usize,
    pub(super) scale: f64,
    pub(super) seed: u64,
    pub(super) rate: f64,
    /// Of each of the four phases.
    pub(super) phase: Duration,
}

/// Loads both nodes while standbys fall behind on purpose: first none, then one, then all, then none.
pub(super) async fn freshness(plan: FreshnessPlan, databases: &Databases) -> anyhow::Result<Report> {
    let mut fleet = Fleet::new(&FleetConfig {
        targets: plan.nodes,
        connections: plan.connections,
        scale: plan.scale,
        seed: plan.seed,
        payments_percent: PAYMENTS_PERCENT,
        bound: BOUND,
    });
    let (rate, length) = (plan.rate, plan.phase * 4);
    let load = tokio::task::spawn_blocking(move || fleet.open(rate, length));
    for (paused, what) in [
        (0, "all standbys follow"),
        (1, "one standby's replay is paused"),
        (usize::MAX, "every standby's replay is paused"),
        (0, "all standbys catch up"),
    ] {
        databases.pause_replay(paused).await?;
        terminal::progress(&format!("freshness, two nodes, one in ten requests pays: {what}"));
        tokio::time::sleep(plan.phase).await;
    }
    Ok(load.await?)
}
