//! What was recorded leaves the minute after a minute and the hour after an hour, busy or idle.

#![cfg(feature = "recorder")]

mod support;

use forebay_metrics::{Metric, RecorderConfig, WindowRecorder};
use support::HandClock;

const TIMES: Metric = Metric::seconds("app_seconds", &[], "Some times");
const EVENTS: Metric = Metric::counter("app_events_total", &[], "Some events");

/// The counts of the histogram's minute and hour.
fn values(recorder: &WindowRecorder) -> (u64, u64) {
    let snapshot = recorder.snapshot();
    let view = snapshot.histogram("app_seconds", &[]).expect("it was registered");
    (view.minute.rate.count, view.hour.rate.count)
}

/// The counts of the counter's minute and hour.
fn events(recorder: &WindowRecorder) -> (u64, u64) {
    let snapshot = recorder.snapshot();
    let view = snapshot.counter("app_events_total", &[]).expect("it was registered");
    (view.minute.count, view.hour.count)
}

#[test]
fn a_value_leaves_the_minute_then_the_hour() {
    let (recorder, meter, clock) = support::recorder(RecorderConfig::default());
    meter.histogram(&TIMES, &[]).record(1.0);
    for (wait, expected) in [(0, (1, 1)), (55, (1, 1)), (5, (0, 1)), (54 * 60, (0, 1)), (5 * 60, (0, 0))] {
        clock.wait(wait);
        assert_eq!(values(&recorder), expected, "after {wait} s more");
    }
}

#[test]
fn what_is_idle_for_long_starts_over() {
    let (recorder, meter, clock) = support::recorder(RecorderConfig::default());
    let histogram = meter.histogram(&TIMES, &[]);
    histogram.record_many(1.0, 10);
    clock.wait(7 * 3600);
    histogram.record(2.0);
    let snapshot = recorder.snapshot();
    let view = snapshot.histogram("app_seconds", &[]).expect("it was registered");
    assert_eq!((view.minute.rate.count, view.hour.rate.count), (1, 1));
    assert_eq!((view.hour.max, view.hour.mean), (2.0, 2.0), "nothing of the old values is left");
}

#[test]
fn a_steady_load_has_steady_counts() {
    let (recorder, meter, clock) = support::recorder(RecorderConfig::default());
    let (histogram, counter) = (meter.histogram(&TIMES, &[]), meter.counter(&EVENTS, &[]));
    // Ten a second for two hours: recording alone moves the time on, nobody looks.
    for _ in 0..7200 {
        histogram.record_many(0.5, 10);
        counter.increment(10);
        clock.wait(1);
    }
    let snapshot = recorder.snapshot();
    let values = snapshot.histogram("app_seconds", &[]).expect("it was registered");
    let events = snapshot.counter("app_events_total", &[]).expect("it was registered");
    assert_eq!(events.total, 72_000);
    for (minute, hour) in [(values.minute.rate, values.hour.rate), (events.minute, events.hour)] {
        assert!((550..=600).contains(&minute.count), "{minute:?}");
        assert!((33_000..=36_000).contains(&hour.count), "{hour:?}");
        assert!((minute.per_second - 10.0).abs() < 0.2, "{minute:?}");
        assert!((hour.per_second - 10.0).abs() < 0.2, "{hour:?}");
    }
}

#[test]
fn a_young_series_has_the_rate_of_its_life() {
    let (recorder, meter, clock) = support::recorder(RecorderConfig::default());
    clock.wait(1000);
    let (histogram, counter) = (meter.histogram(&TIMES, &[]), meter.counter(&EVENTS, &[]));
    clock.wait(2);
    histogram.record_many(1.0, 8);
    counter.increment(8);
    let snapshot = recorder.snapshot();
    let values = snapshot.histogram("app_seconds", &[]).expect("it was registered");
    let events = snapshot.counter("app_events_total", &[]).expect("it was registered");
    for rate in [values.minute.rate, values.hour.rate, events.minute, events.hour] {
        assert_eq!((rate.count, rate.per_second), (8, 4.0));
    }
}

fn only_counting(tick: impl Fn(&WindowRecorder, &HandClock)) -> (u64, u64) {
    let (recorder, meter, clock) = support::recorder(RecorderConfig::default());
    let counter = meter.counter(&EVENTS, &[]);
    counter.increment(100);
    for _ in 0..12 * 3 {
        clock.wait(5);
        tick(&recorder, &clock);
    }
    counter.increment(1);
    events(&recorder)
}

#[test]
fn a_ticker_keeps_the_rates_of_counters_exact() {
    assert_eq!(only_counting(|recorder, _| recorder.tick()), (1, 101));
    // Without anything that moves time, the window reaches back to the last time somebody looked.
    assert_eq!(only_counting(|_, _| ()), (101, 101));
}
