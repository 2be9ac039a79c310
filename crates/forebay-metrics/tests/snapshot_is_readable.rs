//! A snapshot carries unit and help, is ordered, and becomes JSON.

#![cfg(feature = "recorder")]

mod support;

use forebay_metrics::{Metric, RecorderConfig};

const SIZE: Metric = Metric::bytes("app_size_bytes", &["what"], "How large");
const EVENTS: Metric = Metric::counter("app_events_total", &["what"], "Some events");

#[test]
fn unit_help_and_order_are_there() {
    let (recorder, meter, _clock) = support::recorder(RecorderConfig::default());
    meter.describe(&[SIZE]);
    for what in ["b", "a", "c"] {
        meter.histogram(&SIZE, &[what]).record(1024.0);
        meter.counter(&EVENTS, &[what]).increment(1);
    }
    let snapshot = recorder.snapshot();
    let order: Vec<_> = snapshot.histograms.iter().map(|h| h.labels["what"].as_str()).collect();
    assert_eq!(order, ["a", "b", "c"]);
    let size = &snapshot.histograms[0];
    assert_eq!((size.unit, size.help.as_deref()), (Some("bytes"), Some("How large")));
    let events = snapshot.counter("app_events_total", &[("what", "b")]).expect("it was counted");
    assert_eq!((events.unit, events.help.as_deref()), (None, None), "nobody described it");
}

#[test]
fn it_becomes_json() {
    let (recorder, meter, clock) = support::recorder(RecorderConfig::default());
    let histogram = meter.histogram(&SIZE, &["a"]);
    clock.wait(2);
    histogram.record_many(1024.0, 2);
    let json = serde_json::to_value(recorder.snapshot()).unwrap();
    let minute = &json["histograms"][0]["minute"];
    assert_eq!((minute["count"].as_u64(), minute["per_second"].as_f64()), (Some(2), Some(1.0)));
    assert_eq!(minute["max"].as_f64(), Some(1024.0));
    assert_eq!(json["histograms"][0]["labels"]["what"], "a");
}
