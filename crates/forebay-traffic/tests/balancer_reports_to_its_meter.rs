//! Shares, latencies, ejections and panics reach the recorder under the names of balancer and member.

use forebay_metrics::Meter;
use forebay_traffic::{Balancer, BalancerConfig, Terms};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use std::{collections::BTreeMap, time::Duration};

/// By name and the values of the labels after the balancer's.
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
            let mut name = key.key().name().trim_start_matches("forebay_traffic_").to_owned();
            let mut labels = key.key().labels();
            assert_eq!(labels.next().map(|label| label.value()), Some("replicas"));
            labels.for_each(|label| name = format!("{name} {}", label.value()));
            (name, number(value))
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_happens_to_a_member_is_told() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let config = BalancerConfig { calls_min: 1, ..BalancerConfig::default() };
    let balancer =
        Balancer::measured(config, ["a", "b"], "replicas", &Meter::new(recorder)).expect("a configuration");
    let before = values(&snapshotter);
    assert_eq!((before["member_share a"], before["member_share b"]), (1.0, 1.0));

    let members: Vec<_> = balancer.members().collect();
    for _ in 0..5 {
        members[0].note_answer(Duration::from_millis(3));
        members[1].note_failure();
        tokio::time::advance(Duration::from_secs(1)).await;
        let _ = balancer.pick(|_| Some(Terms::default()));
    }
    assert_eq!(balancer.pick(|index| (index == 1).then(Terms::default)), Some(1));
    let after = values(&snapshotter);
    assert_eq!((after["member_share a"], after["member_share b"]), (1.0, 0.0));
    assert_eq!((after["member_ejected_total b errors"], after["member_ejected_total b latency"]), (1.0, 0.0));
    assert_eq!((after["member_ejected_total a errors"], after["balancer_panics_total"]), (0.0, 1.0));
    assert!((after["member_latency_seconds a"] - 0.003).abs() < 1e-6);
}
