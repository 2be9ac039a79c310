//! `Meter::lacks_recorder` before and after a global recorder is installed. Alone in its file: the global
//! recorder of a process is set once.

#![cfg(feature = "recorder")]

use forebay_metrics::{Meter, Metric, WindowRecorder};

const EVENTS: Metric = Metric::counter("app_events_total", &[], "Some events");

#[test]
fn the_global_meter_lacks_a_recorder_until_one_is_installed() {
    assert!(Meter::global().lacks_recorder());
    assert!(!Meter::disabled().lacks_recorder(), "silence on purpose");
    assert!(!Meter::new(metrics::NoopRecorder).lacks_recorder(), "given on purpose");
    let early = Meter::default().counter(&EVENTS, &[]);

    let recorder = WindowRecorder::default();
    metrics::set_global_recorder(recorder.clone()).expect("the first one");
    assert!(!Meter::global().lacks_recorder());
    early.increment(1);
    Meter::global().counter(&EVENTS, &[]).increment(1);
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.counter("app_events_total", &[]).map(|c| c.total), Some(1), "too early is lost");
}
