use crate::world::{Server, World};
use forebay_traffic::{BalancerConfig, Terms};
use std::time::Duration;

/// Nine servers that answer, and one that never does: its callers give up after a second.
fn fleet(rate: f64, weight: f64) -> World {
    let mut servers = vec![Server::default(); 10];
    let hangs =
        Server { fails: 1.0, fails_after: Duration::from_secs(1), slots: usize::MAX, ..Server::default() };
    servers[3] = hangs;
    let mut fleet = World::new(BalancerConfig::default(), servers, rate);
    fleet.terms.fill(Some(Terms::default().weight(weight)));
    fleet
}

#[tokio::test(start_paused = true)]
async fn one_that_stops_answering_is_left_alone_before_its_callers_give_up() {
    for weight in [1.0, 16.0] {
        for rate in [100.0, 1_000.0, 5_000.0] {
            let mut fleet = fleet(rate, weight);
            let hangs = std::mem::take(&mut fleet.servers[3]);
            fleet.run(Duration::from_secs(5)).await;
            fleet.servers[3] = hangs;
            let first = fleet.run(Duration::from_secs(1)).await;
            let run = fleet.run(Duration::from_secs(19)).await;
            // Calls under way make it dear before any of them has failed.
            assert!(first.calls[3] <= 50, "{} of weight {weight} at {rate} a second", first.calls[3]);
            assert!(run.share(3) <= 0.002, "{} of weight {weight} at {rate} a second", run.share(3));
        }
    }
}
