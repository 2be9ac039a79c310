use crate::world::{Server, World};
use forebay_traffic::{BalancerConfig, Terms};
use std::time::Duration;

const FAR: f64 = 3.0;
/// What another zone adds to each answer.
const AWAY: Duration = Duration::from_millis(1);

/// So many servers here, and so many in another zone.
fn zones(near: usize, far: usize, rate: f64) -> World {
    let mut servers = vec![Server::default(); near + far];
    servers[near..].iter_mut().for_each(|server| server.median += AWAY);
    let mut fleet = World::new(BalancerConfig::default(), servers, rate);
    let terms = Terms::default().weight(Server::default().slots as f64);
    fleet.terms =
        (0..near + far).map(|index| Some(if index < near { terms } else { terms.far(FAR) })).collect();
    fleet
}

async fn share_near(fleet: &mut World, near: usize) -> f64 {
    let run = fleet.run(Duration::from_secs(20)).await;
    (0..near).map(|server| run.share(server)).sum()
}

#[tokio::test(start_paused = true)]
async fn calls_stay_in_their_zone_however_many_servers_another_has() {
    for (near, far) in [(1, 1), (1, 5), (2, 4), (3, 3)] {
        let mut fleet = zones(near, far, 150.0 * near as f64);
        let share = share_near(&mut fleet, near).await;
        assert!(share > 0.94, "{share} with {near} near and {far} far");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_zone_cannot_carry_goes_to_the_other() {
    // Sixteen slots of about 6.4 ms: 2,500 calls a second are all that one server can do.
    let mut fleet = zones(1, 2, 4_000.0);
    fleet.run(Duration::from_secs(5)).await;
    let mut run = fleet.run(Duration::from_secs(20)).await;
    let share = run.share(0);
    assert!((0.35..0.65).contains(&share), "{share}");
    assert!(run.p99() < Duration::from_millis(100), "nobody stands in a queue: {:?}", run.p99());
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_fails_or_is_slow_is_left_and_comes_back() {
    let mut fleet = zones(2, 2, 400.0);
    assert!(share_near(&mut fleet, 2).await > 0.94);

    fleet.servers[..2].iter_mut().for_each(|server| server.fails = 1.0);
    let run = fleet.run(Duration::from_secs(20)).await;
    // Until so many of what is remembered have failed, and one in twenty when they come back too early.
    assert!(run.failed < 1_000, "{} failed of 8000", run.failed);
    fleet.servers[..2].iter_mut().for_each(|server| server.fails = 0.0);
    fleet.run(Duration::from_secs(60)).await;
    assert!(share_near(&mut fleet, 2).await > 0.9);

    fleet.servers[..2].iter_mut().for_each(|server| server.median *= 20);
    fleet.run(Duration::from_secs(5)).await;
    let share = share_near(&mut fleet, 2).await;
    assert!(share < 0.2, "{share}");
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_candidates_is_no_hindrance() {
    let mut fleet = zones(1, 2, 300.0);
    fleet.terms[0] = None;
    let run = fleet.run(Duration::from_secs(5)).await;
    assert_eq!((run.calls[0], run.failed), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn servers_of_different_size_are_equally_busy() {
    let mut servers = vec![Server::default(); 3];
    for (server, slots) in servers.iter_mut().zip([8, 16, 32]) {
        server.slots = slots;
    }
    // Seven tenths of what the 56 slots can do.
    let mut fleet = World::new(BalancerConfig::default(), servers.clone(), 6_100.0);
    fleet.terms = servers.iter().map(|server| Some(Terms::default().weight(server.slots as f64))).collect();
    fleet.run(Duration::from_secs(5)).await;
    let run = fleet.run(Duration::from_secs(20)).await;
    for (server, fair) in [1.0, 2.0, 4.0].into_iter().enumerate() {
        let share = run.share(server) * 7.0 / fair;
        assert!((0.7..1.3).contains(&share), "server {server} has {share} of its part");
    }
}
