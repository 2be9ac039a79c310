//! Orders of calls and judgements that threads could produce.

use super::{Balancer, BalancerConfig, Member, Terms};
use shuttle::{check_pct, check_random, thread};
use std::time::Duration;

/// Two members, compared at every pick. They forget nothing: here the clock runs, however slow the machine is.
fn balancer() -> Balancer {
    let day = Duration::from_secs(86_400);
    let config = BalancerConfig {
        judge_every: Duration::from_nanos(1),
        latency_decay: day,
        outcome_memory: day,
        ..BalancerConfig::default()
    };
    Balancer::new(config, ["a", "b"]).expect("a valid configuration")
}

fn check(test: fn()) {
    check_random(test, 1_000);
    check_pct(test, 1_000, 3);
}

fn first(balancer: &Balancer) -> Member {
    balancer.member(0).expect("there are two")
}

#[test]
fn every_call_ends_once_however_it_ends() {
    check(|| {
        let balancer = balancer();
        let work = |end: fn(Member)| {
            let member = first(&balancer);
            thread::spawn(move || end(member))
        };
        let threads = [
            work(|member| member.start().failed()),
            work(|member| member.start().succeeded(Duration::from_millis(1))),
            work(|member| drop(member.start())),
        ];
        assert!(first(&balancer).in_flight() <= 3);
        threads.into_iter().for_each(|thread| thread.join().expect("no thread panicked"));
        assert_eq!(first(&balancer).in_flight(), 0);
    });
}

#[test]
fn no_outcome_is_lost_between_those_counted_and_those_remembered() {
    check(|| {
        let balancer = balancer();
        let counting = [0; 2].map(|_| {
            let member = first(&balancer);
            thread::spawn(move || {
                member.note_failure();
                member.note_answer(Duration::from_millis(1));
            })
        });
        let picking = [0; 2].map(|_| {
            let balancer = balancer.clone();
            thread::spawn(move || assert!(balancer.pick_by(1, |_| Some(Terms::default())).is_some()))
        });
        counting.into_iter().chain(picking).for_each(|thread| thread.join().expect("no thread panicked"));
        // Two failures, two answers, and the five calls that are assumed.
        let share = first(&balancer).status().error_share;
        assert!((share - 2.0 / 9.0).abs() < 0.001, "{share}");
    });
}

#[test]
fn the_slowest_answer_is_never_overwritten_by_a_faster_one_of_the_same_moment() {
    check(|| {
        let balancer = balancer();
        let threads = [3, 900, 40].map(|ms| {
            let member = first(&balancer);
            thread::spawn(move || member.note_answer(Duration::from_millis(ms)))
        });
        threads.into_iter().for_each(|thread| thread.join().expect("no thread panicked"));
        // Ticks may have passed between them, of a day that it takes to forget.
        let latency = first(&balancer).status().latency;
        assert!(latency > Duration::from_millis(890), "{latency:?}");
    });
}
