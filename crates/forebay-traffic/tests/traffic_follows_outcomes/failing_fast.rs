use crate::world::{Server, World};
use forebay_traffic::BalancerConfig;
use std::time::Duration;

/// Nine servers that answer after 5 ms or so, and one that answers with an error after 2 ms.
fn fleet(config: BalancerConfig, rate: f64) -> World {
    let mut servers = vec![Server::default(); 10];
    servers[3].fails = 1.0;
    World::new(config, servers, rate)
}

#[tokio::test(start_paused = true)]
async fn it_draws_no_traffic_although_it_is_the_fastest() {
    for rate in [100.0, 1_000.0, 5_000.0] {
        let run = fleet(BalancerConfig::default(), rate).run(Duration::from_secs(20)).await;
        assert!(run.share(3) <= 0.01, "{} at {rate} calls a second", run.share(3));
        assert_eq!(run.calls[3], run.failed, "the others answered each call");
    }
}

#[tokio::test(start_paused = true)]
async fn its_cost_keeps_traffic_away_also_where_nobody_is_ejected() {
    let config = BalancerConfig { ejected_max: 0.0, ..BalancerConfig::default() };
    let run = fleet(config, 1_000.0).run(Duration::from_secs(20)).await;
    assert!(run.share(3) <= 0.01, "{}", run.share(3));
}

#[tokio::test(start_paused = true)]
async fn ejection_keeps_traffic_away_also_where_errors_cost_little() {
    let cheap = BalancerConfig { error_cost: Duration::from_nanos(1), ..BalancerConfig::default() };
    let mut fleet = fleet(cheap.clone(), 1_000.0);
    fleet.run(Duration::from_secs(7)).await;
    let run = fleet.run(Duration::from_secs(5)).await;
    assert_eq!(run.share(3), 0.0);
    // What both prevent: the one that fails fast draws more than its share.
    let neither = BalancerConfig { ejected_max: 0.0, ..cheap };
    let run = self::fleet(neither, 1_000.0).run(Duration::from_secs(5)).await;
    assert!(run.share(3) > 0.1, "{}", run.share(3));
}

#[tokio::test(start_paused = true)]
async fn one_that_begins_to_fail_is_left_alone_before_long() {
    let mut fleet = fleet(BalancerConfig::default(), 2_000.0);
    fleet.servers[3].fails = 0.0;
    let before = fleet.run(Duration::from_secs(5)).await;
    assert!(before.share(3) > 0.05, "{}", before.share(3));
    fleet.servers[3].fails = 1.0;
    let run = fleet.run(Duration::from_secs(10)).await;
    // A good record of ten seconds has to be outweighed first.
    assert!(run.share(3) <= 0.01, "{}", run.share(3));
}
