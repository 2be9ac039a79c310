//! Threads that ask, answer and cancel at once: never more probes than allowed, and never stuck.

use forebay_metrics::Meter;
use forebay_traffic::{Breaker, BreakerConfig, State};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

const THREADS: u64 = 4;
const CALLS: u64 = 20_000;
const PROBES: u32 = 2;

fn config() -> BreakerConfig {
    BreakerConfig {
        consecutive_failures: 3,
        open: Duration::from_micros(50),
        open_max: Duration::from_micros(200),
        probes: PROBES,
        successes_to_close: 2,
        ..BreakerConfig::default()
    }
}

fn on_all_threads(work: impl Fn(u64) + Sync) {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
}

#[test]
fn probes_stay_within_their_bound() {
    // Half-open for ever: no number of successes closes it, and no probe fails.
    let config = BreakerConfig { consecutive_failures: 1, successes_to_close: u32::MAX, ..config() };
    let breaker = Breaker::new(config).expect("a valid configuration");
    breaker.permit().expect("closed").failed();
    let (probing, probes) = (AtomicU32::new(0), AtomicU32::new(0));
    on_all_threads(|thread| {
        for n in 0..CALLS {
            let Ok(permit) = breaker.permit() else {
                thread::yield_now();
                continue;
            };
            probes.fetch_add(1, Ordering::SeqCst);
            let under_way = probing.fetch_add(1, Ordering::SeqCst) + 1;
            assert!(under_way <= PROBES, "{under_way} probes at once");
            thread::yield_now();
            probing.fetch_sub(1, Ordering::SeqCst);
            if (n + thread) % 2 == 0 { permit.succeeded() } else { drop(permit) }
        }
    });
    assert!(probes.into_inner() > PROBES, "places came back");
    let free: Vec<_> = (0..=PROBES).map(|_| breaker.permit()).collect();
    assert_eq!(free.iter().flatten().count(), 2, "every place is free in the end, and no more than those");
}

#[test]
fn no_order_of_answers_leaves_it_stuck() {
    let breaker = Breaker::new(config()).expect("a valid configuration");
    on_all_threads(|thread| {
        for n in 0..CALLS {
            match (breaker.permit(), (n / 64 + thread + n) % 3) {
                (Ok(permit), 0) => permit.failed(),
                (Ok(permit), 1) => permit.succeeded(),
                (Ok(permit), _) => drop(permit),
                (Err(_), _) => thread::yield_now(),
            }
        }
    });
    // The server is well again: the breaker finds out, within a time that only one that is stuck needs.
    let patience = Instant::now() + Duration::from_secs(60);
    while breaker.state() != State::Closed {
        assert!(Instant::now() < patience, "it is stuck: {:?}", breaker.state());
        match breaker.permit() {
            Ok(permit) => permit.succeeded(),
            Err(_) => thread::yield_now(),
        }
    }
}

#[test]
fn failures_of_many_threads_open_it_once() {
    let config =
        BreakerConfig { open: Duration::from_secs(3600), open_max: Duration::from_secs(3600), ..config() };
    let recorder = DebuggingRecorder::new();
    let values = recorder.snapshotter();
    let breaker = Breaker::measured(config, "x", &Meter::new(recorder)).expect("a valid configuration");
    on_all_threads(|_| {
        let permits: Vec<_> = (0..100).filter_map(|_| breaker.permit().ok()).collect();
        permits.into_iter().for_each(forebay_traffic::Permit::failed);
    });
    assert_eq!(breaker.state(), State::Open);
    let opened = values.snapshot().into_vec().into_iter().find_map(|(key, .., value)| match value {
        DebugValue::Counter(count) if key.key().name().ends_with("opened_total") => Some(count),
        _ => None,
    });
    assert_eq!(opened, Some(1));
}
