use crate::world::{Server, World};
use forebay_traffic::{BalancerConfig, Terms};
use std::time::Duration;

/// The 99th percentile of a fleet of `count` with a server ten times slower, over that of a healthy one.
async fn tail(count: usize, rate: f64, config: BalancerConfig) -> f64 {
    let mut p99 = Vec::new();
    for slower in [1, 10] {
        let mut servers = vec![Server::default(); count];
        servers[1].median *= slower;
        let mut fleet = World::new(config.clone(), servers, rate);
        let capacity = Terms::default().weight(Server::default().slots as f64);
        fleet.terms.fill(Some(capacity));
        p99.push(fleet.run(Duration::from_secs(20)).await.p99().as_secs_f64());
    }
    p99[1] / p99[0]
}

#[tokio::test(start_paused = true)]
async fn it_barely_moves_the_slowest_answers_of_the_fleet() {
    for (count, rate) in [(2, 100.0), (2, 1_000.0), (3, 150.0), (3, 1_500.0), (10, 500.0), (10, 5_000.0)] {
        let tail = tail(count, rate, BalancerConfig::default()).await;
        assert!(tail <= 1.5, "{tail} with {count} servers at {rate} calls a second");
    }
}

#[tokio::test(start_paused = true)]
async fn its_cost_does_so_without_ejection() {
    let config = BalancerConfig { ejected_max: 0.0, ..BalancerConfig::default() };
    let tail = tail(10, 1_000.0, config).await;
    assert!(tail <= 1.5, "{tail}");
}
