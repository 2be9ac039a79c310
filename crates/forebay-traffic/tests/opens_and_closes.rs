//! What opens a breaker, how long it stays open, and what closes it.

use forebay_traffic::{Breaker, BreakerConfig, Error, State};
use std::time::Duration;
use tokio::time::advance;

fn breaker(mut config: BreakerConfig) -> Breaker {
    config.open_jitter = 0.0;
    Breaker::new(config).expect("a valid configuration")
}

fn call(breaker: &Breaker, fails: bool) {
    let permit = breaker.permit().expect("let through");
    if fails { permit.failed() } else { permit.succeeded() }
}

#[test]
fn failures_in_a_row_open_it_without_a_runtime() {
    let breaker = breaker(BreakerConfig::default());
    for _ in 0..4 {
        call(&breaker, true);
    }
    call(&breaker, false);
    for _ in 0..4 {
        call(&breaker, true);
    }
    assert_eq!(breaker.state(), State::Closed, "a success ends the run");
    call(&breaker, true);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_share_of_failures_opens_it() {
    let by_ratio = BreakerConfig { consecutive_failures: 0, ..BreakerConfig::default() };
    let breaker = breaker(by_ratio);
    for n in 0..19 {
        call(&breaker, n % 2 == 0);
    }
    assert_eq!(breaker.state(), State::Closed, "too few calls to judge");
    call(&breaker, true);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn old_calls_fade_from_the_ratio() {
    let by_ratio = BreakerConfig { consecutive_failures: 0, ..BreakerConfig::default() };
    let breaker = breaker(by_ratio);
    for _ in 0..1_000_000 {
        call(&breaker, false);
    }
    // A million good calls must not hide an outage: half a window of failures is enough.
    for _ in 0..50 {
        assert_eq!(breaker.state(), State::Closed);
        call(&breaker, true);
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn cancelled_calls_count_for_nothing() {
    let breaker = breaker(BreakerConfig { consecutive_failures: 2, ..BreakerConfig::default() });
    call(&breaker, true);
    for _ in 0..100 {
        drop(breaker.permit().unwrap());
    }
    assert_eq!(breaker.state(), State::Closed);
    call(&breaker, true);
    assert_eq!(breaker.state(), State::Open, "they did not end the run either");
}

#[tokio::test(start_paused = true)]
async fn openings_grow_up_to_the_longest_and_start_over_after_closing() {
    let config = BreakerConfig {
        consecutive_failures: 1,
        open_max: Duration::from_secs(5),
        ..BreakerConfig::default()
    };
    let breaker = breaker(config);
    for round in 0..2 {
        for seconds in [1, 2, 4, 5, 5] {
            call(&breaker, true);
            let refused = breaker.permit().unwrap_err();
            assert_eq!(refused.retry_in, Duration::from_secs(seconds), "round {round}");
            advance(refused.retry_in - Duration::from_millis(1)).await;
            assert!(breaker.permit().is_err(), "not yet");
            advance(Duration::from_millis(1)).await;
        }
        call(&breaker, false);
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn it_says_for_how_long_it_refuses_and_asks_for_no_probe() {
    let config = BreakerConfig { consecutive_failures: 1, successes_to_close: 2, ..BreakerConfig::default() };
    let breaker = breaker(config);
    assert_eq!(breaker.refuses_for(), None);
    call(&breaker, true);
    assert_eq!(breaker.refuses_for(), Some(Duration::from_secs(1)));
    advance(Duration::from_millis(400)).await;
    assert_eq!(breaker.refuses_for(), Some(Duration::from_millis(600)));
    advance(Duration::from_millis(600)).await;
    assert_eq!(breaker.refuses_for(), None, "a probe may go");
    assert_eq!(breaker.state(), State::Open, "nobody asked for one");

    let probe = breaker.permit().expect("the first one");
    assert_eq!(breaker.refuses_for(), Some(Duration::from_secs(10)), "while it is under way");
    probe.succeeded();
    assert_eq!(breaker.refuses_for(), None, "the next probe may go");
    call(&breaker, false);
    assert_eq!((breaker.refuses_for(), breaker.state()), (None, State::Closed));
}

#[tokio::test(start_paused = true)]
async fn jitter_only_shortens() {
    let config = BreakerConfig { consecutive_failures: 1, open_jitter: 0.5, ..BreakerConfig::default() };
    let mut spans = std::collections::HashSet::new();
    for _ in 0..50 {
        let breaker = Breaker::new(config.clone()).unwrap();
        call(&breaker, true);
        let span = breaker.permit().unwrap_err().retry_in;
        assert!((Duration::from_millis(500)..=Duration::from_secs(1)).contains(&span), "{span:?}");
        spans.insert(span);
    }
    assert!(spans.len() > 10, "they spread");
}

#[tokio::test(start_paused = true)]
async fn it_closes_after_the_asked_number_of_probes() {
    let config = BreakerConfig { consecutive_failures: 1, successes_to_close: 3, ..BreakerConfig::default() };
    let breaker = breaker(config);
    call(&breaker, true);
    advance(Duration::from_secs(1)).await;
    for _ in 0..3 {
        assert_ne!(breaker.state(), State::Closed);
        call(&breaker, false);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn wrong_settings_are_named() {
    let wrong = [
        ("consecutive_failures", BreakerConfig { consecutive_failures: 251, ..BreakerConfig::default() }),
        ("failure_ratio", BreakerConfig { failure_ratio: f64::NAN, ..BreakerConfig::default() }),
        (
            "failure_ratio",
            BreakerConfig { failure_ratio: 0.0, consecutive_failures: 0, ..BreakerConfig::default() },
        ),
        ("window_calls", BreakerConfig { window_calls: 1, ..BreakerConfig::default() }),
        ("window_calls_min", BreakerConfig { window_calls_min: 101, ..BreakerConfig::default() }),
        ("open", BreakerConfig { open: Duration::ZERO, ..BreakerConfig::default() }),
        ("open_growth", BreakerConfig { open_growth: 0.9, ..BreakerConfig::default() }),
        ("open_max", BreakerConfig { open_max: Duration::from_millis(1), ..BreakerConfig::default() }),
        ("open_jitter", BreakerConfig { open_jitter: 1.1, ..BreakerConfig::default() }),
        ("probes", BreakerConfig { probes: 0, ..BreakerConfig::default() }),
        ("successes_to_close", BreakerConfig { successes_to_close: 0, ..BreakerConfig::default() }),
        ("probe_limit", BreakerConfig { probe_limit: Duration::MAX, ..BreakerConfig::default() }),
    ];
    for (field, config) in wrong {
        match Breaker::new(config).unwrap_err() {
            Error::BreakerSetting { setting, .. } => assert_eq!(setting, field),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn settings_are_plain_data_with_defaults() {
    let config: BreakerConfig = serde_json::from_str(r#"{"probes": 3}"#).unwrap();
    assert_eq!(config, BreakerConfig { probes: 3, ..BreakerConfig::default() });
    assert!(serde_json::from_str::<BreakerConfig>(r#"{"prober": 3}"#).is_err(), "a misspelt key is told");
}
