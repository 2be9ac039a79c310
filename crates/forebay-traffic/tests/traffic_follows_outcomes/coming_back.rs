use crate::world::{Server, World};
use forebay_traffic::{BalancerConfig, Standing};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Runs until a server stands like this; the seconds it took and its share of traffic in each.
async fn until(fleet: &mut World, server: usize, standing: Standing) -> Vec<f64> {
    let mut shares = Vec::new();
    while fleet.standing(server) != standing {
        assert!(shares.len() < 600, "never {standing:?}");
        shares.push(fleet.run(SECOND).await.share(server));
    }
    shares
}

fn fleet() -> World {
    // Errors cost nothing, so that shares alone decide.
    let config = BalancerConfig { error_cost: Duration::from_nanos(1), ..BalancerConfig::default() };
    World::new(config, vec![Server::default(); 4], 1_000.0)
}

#[tokio::test(start_paused = true)]
async fn it_leaves_by_degrees_and_comes_back_by_degrees() {
    let mut fleet = fleet();
    fleet.run(SECOND * 5).await;
    fleet.servers[1].fails = 0.8;
    let leaving = until(&mut fleet, 1, Standing::Ejected).await;
    assert!(leaving.len() >= 4, "in steps: {leaving:?}");
    assert!(leaving[leaving.len() - 1] < 0.05, "{leaving:?}");

    fleet.servers[1].fails = 0.0;
    let away = until(&mut fleet, 1, Standing::Returning).await;
    assert!(away[..away.len() - 1].iter().all(|&share| share == 0.0), "{away:?}");
    let back = until(&mut fleet, 1, Standing::Whole).await;
    assert!(back.len() >= 9, "it took the time of the slow start: {back:?}");
    // Its fair share is a quarter; cost may draw up to all of what its share admits.
    assert!(back[..3].iter().all(|&share| share < 0.2), "{back:?}");
    let whole = fleet.run(SECOND * 10).await.share(1);
    assert!((0.2..0.3).contains(&whole), "{whole}");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_still_bad_stays_away_longer_each_time() {
    let mut fleet = fleet();
    fleet.servers[1].fails = 0.8;
    let mut spans = Vec::new();
    for _ in 0..4 {
        until(&mut fleet, 1, Standing::Ejected).await;
        spans.push(until(&mut fleet, 1, Standing::Returning).await.len());
    }
    let grew = |pair: &[usize]| (pair[0] * 2).abs_diff(pair[1]) <= 2;
    assert!(spans.windows(2).all(grew), "{spans:?}");
}
