//! Threads that record while time moves and snapshots are taken: every value is in the end counted once.

#![cfg(feature = "recorder")]

mod support;

use forebay_metrics::{Metric, RecorderConfig};
use std::thread;

const TIMES: Metric = Metric::seconds("app_seconds", &[], "Some times");
const EVENTS: Metric = Metric::counter("app_events_total", &[], "Some events");
const THREADS: u64 = 4;
const VALUES: u64 = 5_000;

#[test]
fn every_value_is_counted_once() {
    let (recorder, meter, clock) = support::recorder(RecorderConfig::default());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let (histogram, counter) = (meter.histogram(&TIMES, &[]), meter.counter(&EVENTS, &[]));
                for n in 0..VALUES {
                    histogram.record((n % 1000) as f64 / 1000.0);
                    counter.increment(1);
                }
            });
        }
        scope.spawn(|| {
            // Twenty minutes pass meanwhile: values leave the minute for the hour under the writers.
            for _ in 0..240 {
                clock.wait(5);
                let seen = recorder.snapshot();
                let count = seen.histogram("app_seconds", &[]).map_or(0, |h| h.hour.rate.count);
                assert!(count <= THREADS * VALUES);
                thread::yield_now();
            }
        });
    });
    let snapshot = recorder.snapshot();
    let times = snapshot.histogram("app_seconds", &[]).expect("it was registered");
    let events = snapshot.counter("app_events_total", &[]).expect("it was registered");
    assert_eq!((times.hour.rate.count, events.hour.count), (THREADS * VALUES, THREADS * VALUES));
    assert_eq!(events.total, THREADS * VALUES);
    assert!((times.hour.mean - 0.4995).abs() < 1e-9);
}
