//! A permit that is dropped, kept for ever or told too late never wedges the breaker.

use forebay_traffic::{Breaker, BreakerConfig, State};
use std::time::Duration;
use tokio::time::advance;

fn config() -> BreakerConfig {
    BreakerConfig { consecutive_failures: 1, open_jitter: 0.0, ..BreakerConfig::default() }
}

async fn half_open(breaker: &Breaker) -> forebay_traffic::Permit {
    breaker.permit().expect("closed").failed();
    assert_eq!(breaker.state(), State::Open);
    advance(Duration::from_secs(1)).await;
    breaker.permit().expect("a probe is due")
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_probe_gives_its_place_back() {
    let breaker = Breaker::new(config()).unwrap();
    let mut probe = half_open(&breaker).await;
    for _ in 0..100 {
        assert!(probe.is_probe());
        assert!(breaker.permit().is_err(), "one probe at a time");
        drop(probe);
        assert_eq!(breaker.state(), State::HalfOpen, "a cancelled probe says nothing");
        probe = breaker.permit().expect("the place is free again");
    }
    probe.succeeded();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_never_returns_counts_as_failed() {
    let breaker = Breaker::new(config()).unwrap();
    std::mem::forget(half_open(&breaker).await);
    let refused = breaker.permit().unwrap_err();
    assert_eq!(refused.retry_in, Duration::from_secs(10));

    advance(refused.retry_in).await;
    let refused = breaker.permit().expect_err("it opened again");
    assert_eq!((breaker.state(), refused.retry_in), (State::Open, Duration::from_secs(2)));

    advance(refused.retry_in).await;
    breaker.permit().expect("and probes again").succeeded();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_does_not_touch_a_newer_state() {
    let breaker = Breaker::new(config()).unwrap();
    let (late_failure, late_success) = (breaker.permit().unwrap(), breaker.permit().unwrap());
    let probe = half_open(&breaker).await;

    late_success.succeeded();
    assert_eq!(breaker.state(), State::HalfOpen, "a call of the closed state is no probe");
    probe.succeeded();
    assert_eq!(breaker.state(), State::Closed);

    late_failure.failed();
    assert_eq!(breaker.state(), State::Closed, "a failure from before the opening is old news");
}

#[tokio::test(start_paused = true)]
async fn a_probe_from_an_older_half_open_state_is_ignored() {
    let breaker = Breaker::new(BreakerConfig { probes: 2, successes_to_close: 2, ..config() }).unwrap();
    let first = half_open(&breaker).await;
    breaker.permit().expect("a second place").failed();
    assert_eq!(breaker.state(), State::Open);

    advance(Duration::from_secs(2)).await;
    let probes = [breaker.permit().unwrap(), breaker.permit().unwrap()];
    first.succeeded();
    assert!(breaker.permit().is_err(), "the old probe gave back no place of the new state");
    for probe in probes {
        probe.succeeded();
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn answers_from_before_an_opening_are_not_added_to_those_after_it() {
    let breaker = Breaker::new(BreakerConfig { consecutive_failures: 2, ..config() }).unwrap();
    let (late_failure, late_success) = (breaker.permit().unwrap(), breaker.permit().unwrap());
    breaker.permit().unwrap().failed();
    half_open(&breaker).await.succeeded();
    assert_eq!(breaker.state(), State::Closed);

    late_failure.failed();
    breaker.permit().unwrap().failed();
    assert_eq!(breaker.state(), State::Closed, "one failure since it closed");
    late_success.succeeded();
    breaker.permit().unwrap().failed();
    assert_eq!(breaker.state(), State::Open, "two in a row since it closed");
}
