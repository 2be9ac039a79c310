//! Random fleets, settings and orders of calls, answers, cancellations and passing time.

use forebay_traffic::{Balancer, BalancerConfig, Call, Standing, Terms};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::TestCaseResult;
use std::time::Duration;

#[derive(Debug, Clone)]
enum Event {
    /// Calls a member; only those whose bit is set are candidates.
    Pick {
        draw: u64,
        candidates: u16,
        terms: (f64, f64, u32),
    },
    Succeed(usize, u32),
    Fail(usize),
    Cancel(usize),
    Wait(u32),
}

fn event() -> impl Strategy<Value = Event> {
    let number = || prop_oneof![4 => 0.0..10.0, 1 => any::<f64>()];
    prop_oneof![
        6 => (any::<u64>(), any::<u16>(), (number(), number(), any::<u32>()))
            .prop_map(|(draw, candidates, terms)| Event::Pick { draw, candidates, terms }),
        2 => (any::<usize>(), any::<u32>()).prop_map(|(index, ns)| Event::Succeed(index, ns)),
        3 => any::<usize>().prop_map(Event::Fail),
        1 => any::<usize>().prop_map(Event::Cancel),
        1 => (1..3_000_u32).prop_map(Event::Wait),
    ]
}

fn take(calls: &mut Vec<Call>, index: usize) -> Option<Call> {
    let count = calls.len();
    (count > 0).then(|| calls.swap_remove(index % count))
}

async fn apply(balancer: &Balancer, calls: &mut Vec<Call>, event: Event) -> TestCaseResult {
    match event {
        Event::Pick { draw, candidates, terms: (times, weight, plus) } => {
            let terms = Terms::default().times(times).weight(weight).plus(Duration::from_micros(plus.into()));
            let is_candidate = |index: usize| candidates >> index & 1 == 1;
            let picked = balancer.pick_by(draw, |index| is_candidate(index).then_some(terms));
            prop_assert_eq!(picked.is_some(), (0..balancer.members().len()).any(is_candidate));
            if let Some(index) = picked {
                prop_assert!(is_candidate(index));
                calls.push(balancer.member(index).expect("a member").start());
            }
        }
        Event::Succeed(index, ns) => {
            if let Some(call) = take(calls, index) {
                call.succeeded(Duration::from_nanos(ns.into()));
            }
        }
        Event::Fail(index) => {
            if let Some(call) = take(calls, index) {
                call.failed();
            }
        }
        Event::Cancel(index) => drop(take(calls, index)),
        Event::Wait(ms) => tokio::time::advance(Duration::from_millis(ms.into())).await,
    }
    Ok(())
}

fn check(balancer: &Balancer, calls: &[Call]) -> TestCaseResult {
    let status = balancer.status();
    for (index, member) in status.iter().enumerate() {
        let under_way = calls.iter().filter(|call| call.member().index() == index).count();
        prop_assert_eq!(member.in_flight as usize, under_way);
        prop_assert!((0.0..=1.0).contains(&member.share) && (0.0..=1.0).contains(&member.error_share));
        prop_assert_eq!(member.share == 1.0, member.standing == Standing::Whole);
        prop_assert_eq!(member.share == 0.0, member.standing == Standing::Ejected);
    }
    let away = status.iter().filter(|member| member.standing != Standing::Whole).count();
    let most = (status.len() as f64 * balancer.config().ejected_max) as usize;
    prop_assert!(away <= most.min(status.len().saturating_sub(1)), "{away} of {}", status.len());
    Ok(())
}

proptest! {
    #[test]
    fn every_pick_is_a_candidate_and_every_call_is_counted_while_it_lasts(
        events in prop::collection::vec(event(), 1..400),
        members in 0..6_usize,
        ejected_max in prop_oneof![3 => 0.0..=1.0, 1 => prop::strategy::Just(1.0)],
        calls_min in 1..5_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        runtime.block_on(async {
            let config = BalancerConfig { ejected_max, calls_min, ..BalancerConfig::default() };
            let names = (0..members).map(|index| index.to_string());
            let balancer = Balancer::new(config, names).expect("a valid configuration");
            let mut calls = Vec::new();
            for event in events {
                apply(&balancer, &mut calls, event).await?;
                check(&balancer, &calls)?;
            }
            calls.clear();
            check(&balancer, &calls)
        })?;
    }
}
