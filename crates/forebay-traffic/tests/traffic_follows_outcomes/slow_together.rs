use crate::world::{Server, World};
use forebay_traffic::{BalancerConfig, Standing};
use std::time::Duration;

async fn nobody_leaves(mut fleet: World) {
    for second in 0..30 {
        let run = fleet.run(Duration::from_secs(1)).await;
        for server in 0..fleet.servers.len() {
            assert_eq!(fleet.standing(server), Standing::Whole, "server {server} in second {second}");
        }
        assert!(run.calls.iter().all(|&calls| calls > 0), "each goes on serving: {:?}", run.calls);
    }
}

#[tokio::test(start_paused = true)]
async fn where_all_become_slow_nobody_is_ejected() {
    let mut fleet = World::new(BalancerConfig::default(), vec![Server::default(); 5], 500.0);
    fleet.run(Duration::from_secs(5)).await;
    fleet.servers.iter_mut().for_each(|server| server.median *= 10);
    nobody_leaves(fleet).await;
}

#[tokio::test(start_paused = true)]
async fn where_all_fail_nobody_is_ejected() {
    let mut fleet = World::new(BalancerConfig::default(), vec![Server::default(); 5], 500.0);
    fleet.run(Duration::from_secs(5)).await;
    fleet.servers.iter_mut().for_each(|server| server.fails = 0.7);
    nobody_leaves(fleet).await;
}
