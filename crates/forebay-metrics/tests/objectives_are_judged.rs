//! Compliance and error budget over a window, from a histogram or from two counters.

#![cfg(feature = "recorder")]

mod support;

use forebay_metrics::{
    Error, Indicator, Metric, Objective, ObjectiveStatus, RecorderConfig, Selector, Window, WindowRecorder,
};

const TIMES: Metric = Metric::seconds("app_seconds", &["route", "outcome"], "Some times");
const ASKED: Metric = Metric::counter("app_asked_total", &["route"], "All requests");
const FAILED: Metric = Metric::counter("app_failed_total", &["route"], "Failed requests");

fn objective(indicator: Indicator) -> Objective {
    Objective { name: "promise".into(), indicator, target: 0.9, window: Window::Minute }
}

fn status(recorder: &WindowRecorder) -> ObjectiveStatus {
    recorder.snapshot().objective("promise").expect("it is in the configuration").clone()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

#[test]
fn values_up_to_a_limit_are_good() {
    let fast =
        Indicator::AtMost { histogram: Selector::named("app_seconds").label("route", "/"), limit: 0.25 };
    let (recorder, meter, clock) =
        support::recorder(RecorderConfig { objectives: vec![objective(fast)], ..RecorderConfig::default() });
    let untouched = status(&recorder);
    assert_eq!((untouched.total, untouched.compliance, untouched.budget_left), (0.0, 1.0, 1.0));

    // 95 of 100 within the limit, over two series; another route does not count.
    meter.histogram(&TIMES, &["/", "ok"]).record_many(0.2, 90);
    meter.histogram(&TIMES, &["/", "error"]).record_many(0.001, 5);
    meter.histogram(&TIMES, &["/", "error"]).record_many(3.0, 5);
    meter.histogram(&TIMES, &["/slow", "ok"]).record_many(3.0, 1000);
    let half = status(&recorder);
    assert_eq!((half.good, half.total), (95.0, 100.0));
    close(half.compliance, 0.95);
    close(half.budget_left, 0.5);

    meter.histogram(&TIMES, &["/", "error"]).record_many(3.0, 25);
    let missed = status(&recorder);
    close(missed.compliance, 95.0 / 125.0);
    close(missed.budget_left, 1.0 - (30.0 / 125.0) / 0.1);

    clock.wait(60);
    assert_eq!(status(&recorder).budget_left, 1.0, "the window has moved on");
}

#[test]
fn a_limit_inside_a_bucket_counts_its_share() {
    let (recorder, meter, _clock) = support::recorder(RecorderConfig::default());
    meter.histogram(&TIMES, &["/", "ok"]).record_many(0.1, 100);
    let at = |limit| {
        let indicator = Indicator::AtMost { histogram: Selector::named("app_seconds"), limit };
        recorder.judge(&objective(indicator)).expect("a valid objective").good
    };
    assert_eq!((at(0.1), at(0.09), at(0.11)), (100.0, 0.0, 100.0));
    assert_eq!(at(0.098), 100.0 * (0.098 - 0.09765625) / (0.1015625 - 0.09765625));
}

#[test]
fn two_counters_tell_the_share() {
    let asked = Selector::named("app_asked_total");
    let bad = Indicator::Bad { bad: Selector::named("app_failed_total"), total: asked.clone() };
    let (recorder, meter, _clock) =
        support::recorder(RecorderConfig { objectives: vec![objective(bad)], ..RecorderConfig::default() });
    for route in ["/", "/slow"] {
        meter.counter(&ASKED, &[route]).increment(50);
        meter.counter(&FAILED, &[route]).increment(1);
    }
    let status = status(&recorder);
    assert_eq!((status.good, status.total), (98.0, 100.0));
    close(status.budget_left, 0.8);

    let good = Indicator::Good { good: Selector::named("app_failed_total"), total: asked };
    let status = recorder.judge(&objective(good)).expect("a valid objective");
    assert_eq!((status.good, status.total), (2.0, 100.0));
}

#[test]
fn what_cannot_be_judged_is_refused_by_name() {
    let asked = Selector::named("app_asked_total");
    let good = objective(Indicator::Good { good: asked.clone(), total: asked.clone() });
    let limit = |limit| objective(Indicator::AtMost { histogram: asked.clone(), limit });
    let wrong = [
        Objective { target: 1.0, ..good.clone() },
        Objective { target: f64::NAN, ..good.clone() },
        limit(0.0),
        limit(f64::INFINITY),
    ];
    for objective in wrong {
        let config =
            RecorderConfig { objectives: vec![good.clone(), objective], ..RecorderConfig::default() };
        let error = WindowRecorder::new(config).expect_err("it cannot be judged");
        assert!(matches!(&error, Error::Objective { name, .. } if name == "promise"), "{error}");
    }
}

#[test]
fn objectives_are_plain_data() {
    let text = r#"{"objectives": [{
        "name": "fast", "target": 0.99, "window": "hour",
        "indicator": {"at_most": {"histogram": {"name": "app_seconds", "labels": {"route": "/"}}, "limit": 0.1}}
    }]}"#;
    let config: RecorderConfig = serde_json::from_str(text).unwrap();
    assert_eq!(config.objectives[0].window, Window::Hour);
    let again: RecorderConfig = serde_json::from_str(&serde_json::to_string(&config).unwrap()).unwrap();
    assert_eq!(again, config);
}
