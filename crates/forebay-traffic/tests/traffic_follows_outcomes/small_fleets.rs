use crate::world::{Server, World};
use forebay_traffic::{BalancerConfig, Standing};
use std::time::Duration;

/// Errors cost nothing here, so that what is left is the work of ejections.
fn by_ejection() -> BalancerConfig {
    BalancerConfig { error_cost: Duration::from_nanos(1), ..BalancerConfig::default() }
}

fn failing(count: usize, bad: &[usize]) -> World {
    let mut servers = vec![Server::default(); count];
    bad.iter().for_each(|&bad| servers[bad].fails = 1.0);
    World::new(by_ejection(), servers, 500.0)
}

#[tokio::test(start_paused = true)]
async fn of_two_the_bad_one_leaves_and_the_good_one_stays() {
    let mut fleet = failing(2, &[1]);
    fleet.run(Duration::from_secs(7)).await;
    assert_eq!(fleet.standing(1), Standing::Ejected);
    assert_eq!(fleet.standing(0), Standing::Whole);
    let run = fleet.run(Duration::from_secs(5)).await;
    assert_eq!((run.calls[1], run.failed), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_alone_is_never_ejected() {
    let mut fleet = failing(1, &[0]);
    for _ in 0..20 {
        fleet.run(Duration::from_secs(1)).await;
        assert_eq!(fleet.standing(0), Standing::Whole);
    }
}

#[tokio::test(start_paused = true)]
async fn never_more_than_half_leave_and_the_worst_go_first() {
    let mut fleet = failing(5, &[0, 1]);
    // This one fails less than the others, still more than its peers do.
    fleet.servers[2].fails = 0.4;
    let mut seen = [false; 5];
    for _ in 0..60 {
        fleet.run(Duration::from_secs(1)).await;
        let away = |&server: &usize| fleet.standing(server) != Standing::Whole;
        let away: Vec<_> = (0..5).filter(away).collect();
        assert!(away.len() <= 2, "{away:?}");
        away.iter().for_each(|&server| seen[server] = true);
        if fleet.standing(0) == Standing::Ejected {
            break;
        }
    }
    assert_eq!(seen, [true, true, false, false, false]);
}

#[tokio::test(start_paused = true)]
async fn an_ejected_one_serves_when_it_is_the_only_candidate() {
    let mut fleet = failing(2, &[1]);
    fleet.run(Duration::from_secs(7)).await;
    assert_eq!(fleet.standing(1), Standing::Ejected);
    fleet.terms[0] = None;
    let run = fleet.run(Duration::from_millis(100)).await;
    assert!(run.calls[1] > 0, "ejected never means that nobody is left");
}
