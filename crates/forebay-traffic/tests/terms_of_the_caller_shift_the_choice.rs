//! Weights, factors and additions that the caller knows of.

use forebay_traffic::{Balancer, BalancerConfig, Terms};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// A balancer over two members that both answered after a millisecond.
fn two() -> Balancer {
    let balancer = Balancer::new(BalancerConfig::default(), ["a", "b"]).expect("a valid configuration");
    balancer.members().for_each(|member| member.note_answer(MS));
    balancer
}

/// How many of a thousand picks choose the second.
fn second(balancer: &Balancer, terms: Terms) -> usize {
    let terms = |index| Some(if index == 1 { terms } else { Terms::NEUTRAL });
    // Any number serves as a draw: its bits are mixed.
    (0..1_000).filter(|&draw| balancer.pick_by(draw, terms) == Some(1)).count()
}

#[tokio::test(start_paused = true)]
async fn equal_members_share_and_an_addition_decides() {
    let balancer = two();
    let shared = second(&balancer, Terms::default());
    assert!((450..550).contains(&shared), "{shared}");
    assert_eq!(second(&balancer, Terms::default().plus(MS / 10)), 0);
}

#[tokio::test(start_paused = true)]
async fn another_zone_is_worth_it_when_this_one_is_busier_by_that_factor() {
    let balancer = two();
    let first = balancer.member(0).expect("there are two");
    let far = Terms::default().times(3.0);
    let mut calls = vec![first.start()];
    assert_eq!(second(&balancer, far), 0, "twice as dear");
    calls.push(first.start());
    calls.push(first.start());
    assert_eq!(second(&balancer, far), 1_000, "four times as dear");
}

#[tokio::test(start_paused = true)]
async fn a_heavier_member_is_as_busy_with_more_calls() {
    let balancer = two();
    let heavy = Terms::default().weight(3.0);
    let drawn = second(&balancer, heavy);
    assert!((700..800).contains(&drawn), "three of four when both are idle: {drawn}");
    let members: Vec<_> = balancer.members().collect();
    let _first = [members[0].start(), members[0].start()];
    let _second = [0; 5].map(|_| members[1].start());
    assert_eq!(second(&balancer, heavy), 1_000, "five of three are less than two of one");
}

#[tokio::test(start_paused = true)]
async fn nonsense_is_bounded() {
    let balancer = two();
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0] {
        let terms = Terms::default().times(number).weight(number).plus(Duration::MAX);
        assert!(balancer.pick(|_| Some(terms)).is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_member_is_tried_again_after_a_while() {
    let balancer = two();
    balancer.member(1).expect("there are two").note_answer(MS * 100);
    assert_eq!(second(&balancer, Terms::default()), 0);
    tokio::time::advance(Duration::from_secs(60)).await;
    let tried = second(&balancer, Terms::default());
    assert!((400..600).contains(&tried), "what was known of it has faded: {tried}");
}

#[test]
fn what_is_no_candidate_is_never_picked() {
    let balancer = two();
    assert_eq!(balancer.pick(|_| None), None);
    for _ in 0..100 {
        assert_eq!(balancer.pick(|index| (index == 1).then(Terms::default)), Some(1));
    }
    let nobody = Balancer::new(BalancerConfig::default(), [""; 0]).expect("a valid configuration");
    assert_eq!(nobody.pick(|_| Some(Terms::default())), None);
}
