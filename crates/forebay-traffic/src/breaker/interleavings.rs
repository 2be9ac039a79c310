//! Orders of events that threads could produce, each run many times under schedulers that pick the next thread at
//! every atomic operation and lock: by chance, and by priorities that change now and then, which finds what needs one
//! thread to stand still while the others go far.

use super::{Breaker, BreakerConfig, Permit, State};
use shuttle::{check_pct, check_random, thread};
use std::time::Duration;

const RUNS: usize = 1_000;

/// Opens at the first failure, for no time worth mentioning.
fn breaker(probes: u32) -> Breaker {
    let moment = Duration::from_nanos(1);
    let config = BreakerConfig {
        consecutive_failures: 1,
        open: moment,
        open_max: moment,
        probes,
        ..BreakerConfig::default()
    };
    Breaker::new(config).expect("a valid configuration")
}

fn call(breaker: &Breaker) -> Permit {
    breaker.permit().expect("closed")
}

fn check(test: fn()) {
    check_random(test, RUNS);
    check_pct(test, RUNS, 3);
}

/// A permit, however long it takes.
fn insist(breaker: &Breaker) -> Permit {
    loop {
        match breaker.permit() {
            Ok(permit) => return permit,
            Err(_) => thread::yield_now(),
        }
    }
}

#[test]
fn answers_of_an_older_state_leave_no_trace() {
    check(|| {
        let breaker = breaker(1);
        let (first, late, success) = (call(&breaker), call(&breaker), call(&breaker));
        let others = [
            thread::spawn(move || late.failed()),
            thread::spawn(move || success.succeeded()),
            thread::spawn({
                let breaker = breaker.clone();
                move || {
                    first.failed();
                    insist(&breaker).succeeded();
                }
            }),
        ];
        others.into_iter().for_each(|other| other.join().expect("no thread panicked"));
        // The late failure may have come first; then the other one was late. Neither counts in the new state.
        assert!(breaker.0.is_clean(), "{breaker:?}");
    });
}

#[test]
fn every_place_for_a_probe_comes_back() {
    check(|| {
        let breaker = breaker(2);
        call(&breaker).failed();
        let ask = |end: fn(Permit)| {
            let breaker = breaker.clone();
            thread::spawn(move || end(insist(&breaker)))
        };
        let others = [ask(drop), ask(drop), ask(Permit::failed), ask(drop)];
        others.into_iter().for_each(|other| other.join().expect("no thread panicked"));

        assert_ne!(breaker.state(), State::Closed, "no probe succeeded");
        let (first, second) = (insist(&breaker), insist(&breaker));
        assert!(first.is_probe() && second.is_probe());
        assert!(breaker.permit().is_err(), "there are two places and no more");
    });
}

#[test]
fn failures_at_once_open_it_once() {
    check(|| {
        let breaker = breaker(1);
        let permits = [call(&breaker), call(&breaker), call(&breaker)];
        let others = permits.map(|permit| thread::spawn(move || permit.failed()));
        others.into_iter().for_each(|other| other.join().expect("no thread panicked"));
        assert_eq!(breaker.state(), State::Open);
        assert_eq!(breaker.0.openings(), 1, "the time it stays open did not grow");
    });
}
