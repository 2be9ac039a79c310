//! Neither does one that compares the members, nor a call.

use forebay_traffic::{Balancer, BalancerConfig, Terms};
use std::time::Duration;

#[test]
fn from_the_pick_to_the_answer_nothing_is_allocated() {
    // Every pick compares the members.
    let config =
        BalancerConfig { judge_every: Duration::from_nanos(1), calls_min: 1, ..BalancerConfig::default() };
    let balancer = Balancer::new(config, ["a", "b", "c", "d"]).expect("a valid configuration");
    let members: Vec<_> = balancer.members().collect();
    let call = |index: usize| {
        let picked = balancer.pick(|_| Some(Terms::default())).expect("all are candidates");
        let call = members[picked].start();
        if index % 3 == picked { call.failed() } else { call.succeeded(Duration::from_millis(1)) }
    };
    // Random numbers allocate their state once a thread.
    call(0);
    let allocated = allocation_counter::measure(|| (0..1_000).for_each(call));
    assert_eq!(allocated.count_total, 0);
}
