//! Series beyond the bound share one series, and are counted.

#![cfg(feature = "recorder")]

use forebay_metrics::{Error, METRICS, Meter, Metric, RecorderConfig, WindowRecorder};

const EVENTS: Metric = Metric::counter("app_events_total", &["path"], "Some events");
const SIZE: Metric = Metric::gauge("app_size", &["path"], "Some size");
const TIMES: Metric = Metric::seconds("app_seconds", &["path"], "Some times");

#[test]
fn the_rest_goes_to_the_overflow() {
    let config = RecorderConfig { series_max: 3, ..RecorderConfig::default() };
    let recorder = WindowRecorder::new(config).expect("a valid configuration");
    let meter = Meter::new(recorder.clone());
    for path in ["/a", "/b"] {
        meter.counter(&EVENTS, &[path]).increment(1);
    }
    meter.gauge(&SIZE, &["/a"]).set(4.0);
    for n in 0..1000 {
        let path = format!("/{n}");
        meter.counter(&EVENTS, &[&path]).increment(1);
        meter.histogram(&TIMES, &[&path]).record(1.0);
        meter.gauge(&SIZE, &[&path]).increment(1.0);
    }
    // What is known keeps its own series.
    meter.counter(&EVENTS, &["/a"]).increment(1);

    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.counter("app_events_total", &[("path", "/a")]).map(|c| c.total), Some(2));
    assert_eq!(snapshot.gauge("app_size", &[("path", "/a")]).map(|g| g.value), Some(4.0));
    assert_eq!(snapshot.counter("forebay_metrics_overflow", &[]).map(|c| c.total), Some(1000));
    assert_eq!(snapshot.gauge("forebay_metrics_overflow", &[]).map(|g| g.value), Some(1000.0));
    let overflow = snapshot.histogram("forebay_metrics_overflow", &[]);
    assert_eq!(overflow.map(|h| h.minute.rate.count), Some(1000));
    assert_eq!(snapshot.counter(METRICS[0].name, &[]).map(|c| c.total), Some(3000));
    assert_eq!((snapshot.counters.len(), snapshot.gauges.len(), snapshot.histograms.len()), (4, 2, 1));
}

#[test]
fn descriptions_are_bounded_too() {
    let config = RecorderConfig { series_max: 2, ..RecorderConfig::default() };
    let recorder = WindowRecorder::new(config).expect("a valid configuration");
    let meter = Meter::new(recorder.clone());
    meter.describe(&[EVENTS, SIZE, TIMES]);
    meter.counter(&EVENTS, &["/"]).increment(1);
    meter.histogram(&TIMES, &["/"]).record(1.0);
    let snapshot = recorder.snapshot();
    let help = |found: Option<&Option<String>>| found.is_some_and(Option::is_some);
    assert!(help(snapshot.counter("app_events_total", &[("path", "/")]).map(|c| &c.help)));
    assert!(!help(snapshot.histogram("app_seconds", &[("path", "/")]).map(|h| &h.help)), "the third of two");
}

#[test]
fn a_recorder_without_room_is_refused() {
    let wrong = RecorderConfig { series_max: 0, ..RecorderConfig::default() };
    assert!(matches!(WindowRecorder::new(wrong), Err(Error::Setting { setting: "series_max", .. })));
}

#[test]
fn a_series_registered_twice_is_one() {
    let recorder = WindowRecorder::default();
    let meter = Meter::new(recorder.clone());
    meter.histogram(&TIMES, &["/a"]).record(1.0);
    meter.histogram(&TIMES, &["/a"]).record(2.0);
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.histogram("app_seconds", &[("path", "/a")]).map(|h| h.hour.rate.count), Some(2));
}
