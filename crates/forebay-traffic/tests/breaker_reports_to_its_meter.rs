//! State, openings and refusals reach the recorder under the breaker's name.

use forebay_metrics::{Kind, Meter};
use forebay_traffic::{Breaker, BreakerConfig, METRICS};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use std::{collections::BTreeMap, time::Duration};

fn values(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let number = |value| match value {
        DebugValue::Counter(count) => f64::from(u32::try_from(count).expect("a small count")),
        DebugValue::Gauge(value) => value.into_inner(),
        DebugValue::Histogram(_) => unreachable!("no histogram here"),
    };
    let all = snapshotter.snapshot().into_vec();
    all.into_iter()
        .map(|(key, _, help, value)| {
            assert!(help.is_some(), "described");
            let labels: Vec<_> =
                key.key().labels().map(|l| (l.key().to_owned(), l.value().to_owned())).collect();
            assert_eq!(labels, [("breaker".to_owned(), "redis".to_owned())]);
            (key.key().name().trim_start_matches("forebay_traffic_breaker_").to_owned(), number(value))
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn state_openings_and_refusals_are_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let config = BreakerConfig { consecutive_failures: 1, ..BreakerConfig::default() };
    let breaker = Breaker::measured(config, "redis", &Meter::new(recorder)).unwrap();
    assert_eq!(values(&snapshotter)["state"], 0.0);

    breaker.permit().unwrap().failed();
    assert!(breaker.permit().is_err() && breaker.permit().is_err());
    let open = values(&snapshotter);
    assert_eq!((open["state"], open["opened_total"], open["rejected_total"]), (2.0, 1.0, 2.0));

    tokio::time::advance(Duration::from_secs(1)).await;
    let probe = breaker.permit().unwrap();
    assert_eq!(values(&snapshotter)["state"], 1.0);
    probe.succeeded();
    assert_eq!(values(&snapshotter)["state"], 0.0);
}

#[test]
fn every_metric_is_named_after_its_kind() {
    for metric in METRICS {
        assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
        assert!(metric.name.starts_with("forebay_traffic_"), "{}", metric.name);
    }
}
