//! Percentiles against the exact nearest-rank ones of the same values.

#![cfg(feature = "recorder")]

mod support;

use forebay_metrics::{Metric, RecorderConfig};
use proptest::prelude::{Strategy, prop, prop_assert, prop_assert_eq, proptest};

const TIMES: Metric = Metric::seconds("app_seconds", &[], "Some times");
/// Half the width of a bucket: what the documentation states, rounded up there.
const ERROR: f64 = 1.0 / 33.0 + 1e-9;

/// Values over fourteen powers of ten, from nanoseconds to terabytes.
fn value() -> impl Strategy<Value = f64> {
    (-8.9_f64..13.0).prop_map(|power| 10_f64.powf(power))
}

fn exact(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.max(1) - 1]
}

proptest! {
    #[test]
    fn percentiles_are_close_and_the_rest_is_exact(values in prop::collection::vec(value(), 1..400)) {
        let (recorder, meter, clock) = support::recorder(RecorderConfig::default());
        let histogram = meter.histogram(&TIMES, &[]);
        for (n, value) in values.iter().enumerate() {
            histogram.record(*value);
            // Some of the values lie in other steps of the same minute.
            clock.wait(u64::from(n % 50 == 0));
        }
        let snapshot = recorder.snapshot();
        let view = snapshot.histogram("app_seconds", &[]).expect("it was registered");
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / values.len() as f64;

        for window in [view.minute, view.hour] {
            prop_assert_eq!(window.rate.count, values.len() as u64);
            prop_assert_eq!(window.max, sorted[sorted.len() - 1]);
            prop_assert!((window.mean / mean - 1.0).abs() < 1e-9);
            prop_assert!(window.p50 <= window.p95 && window.p95 <= window.p99 && window.p99 <= window.max);
            for (share, found) in [(0.5, window.p50), (0.95, window.p95), (0.99, window.p99)] {
                let exact = exact(&sorted, share);
                prop_assert!((found / exact - 1.0).abs() <= ERROR, "{share}: {found} for {exact}");
            }
        }
    }
}

#[test]
fn values_at_the_ends_are_kept() {
    let (recorder, meter, _clock) = support::recorder(RecorderConfig::default());
    let histogram = meter.histogram(&TIMES, &[]);
    for value in [0.0, -0.0, -3.0, 1e-12, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        histogram.record(value);
    }
    let low = recorder.snapshot().histogram("app_seconds", &[]).expect("registered").minute;
    assert_eq!((low.rate.count, low.p99, low.max), (4, 0.0, 1e-12), "what is no number is left out");

    histogram.record_many(1e15, 5);
    let high = recorder.snapshot().histogram("app_seconds", &[]).expect("registered").minute;
    assert_eq!((high.rate.count, high.max), (9, 1e15));
    assert!(high.p99 > 1e13, "counted in the largest bucket");
}
