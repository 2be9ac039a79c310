//! The text that Prometheus scrapes, and the bounds on what waits for it.

#![cfg(feature = "prometheus")]

use forebay_metrics::{Error, Meter, Metric, Prometheus, PrometheusConfig};

const EVENTS: Metric = Metric::counter("app_events_total", &["what"], "Some events");
const TIMES: Metric = Metric::seconds("app_wait_seconds", &[], "Some times");
const SIZES: Metric = Metric::bytes("app_body_bytes", &[], "Some sizes");

fn config() -> PrometheusConfig {
    PrometheusConfig {
        seconds_buckets: vec![0.1, 1.0],
        bytes_buckets: vec![1024.0],
        ..PrometheusConfig::default()
    }
}

#[test]
fn counters_and_histograms_with_their_buckets() {
    let prometheus = Prometheus::new(config()).unwrap();
    let meter = Meter::new(prometheus.clone());
    meter.describe(&[EVENTS, TIMES, SIZES]);
    meter.counter(&EVENTS, &["a \"b\""]).increment(2);
    let times = meter.histogram(&TIMES, &[]);
    [0.05, 0.5, 5.0].into_iter().for_each(|value| times.record(value));
    meter.histogram(&SIZES, &[]).record_many(512.0, 3);

    let text = prometheus.render();
    for line in [
        "# HELP app_events_total Some events",
        "# TYPE app_events_total counter",
        "app_events_total{what=\"a \\\"b\\\"\"} 2",
        "# TYPE app_wait_seconds histogram",
        "app_wait_seconds_bucket{le=\"0.1\"} 1",
        "app_wait_seconds_bucket{le=\"1\"} 2",
        "app_wait_seconds_bucket{le=\"+Inf\"} 3",
        "app_wait_seconds_sum 5.55",
        "app_body_bytes_bucket{le=\"1024\"} 3",
        "forebay_metrics_series_refused_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
    }
}

#[test]
fn values_do_not_pile_up_when_nobody_scrapes() {
    let prometheus = Prometheus::new(PrometheusConfig { pending_max: 100, ..config() }).unwrap();
    let times = Meter::new(prometheus.clone()).histogram(&TIMES, &[]);
    (0..1050).for_each(|_| times.record(0.5));
    assert!(prometheus.pending() < 100, "{} wait", prometheus.pending());
    prometheus.tick();
    assert_eq!(prometheus.pending(), 0);
    assert!(prometheus.render().contains("app_wait_seconds_count 1050"));
}

#[test]
fn series_are_bounded() {
    let prometheus = Prometheus::new(PrometheusConfig { series_max: 2, ..config() }).unwrap();
    let meter = Meter::new(prometheus.clone());
    for what in ["a", "b", "c", "d", "a"] {
        meter.counter(&EVENTS, &[what]).increment(1);
    }
    let text = prometheus.render();
    assert!(text.contains("app_events_total{what=\"a\"} 2"), "{text}");
    assert!(text.contains("forebay_metrics_overflow 2"), "{text}");
    assert!(text.contains("forebay_metrics_series_refused_total 2"), "{text}");
}

#[test]
fn wrong_settings_are_named() {
    let wrong = [
        ("seconds_buckets", PrometheusConfig { seconds_buckets: vec![], ..config() }),
        ("bytes_buckets", PrometheusConfig { bytes_buckets: vec![2.0, 1.0], ..config() }),
        ("other_buckets", PrometheusConfig { other_buckets: vec![f64::NAN], ..config() }),
        ("series_max", PrometheusConfig { series_max: 0, ..config() }),
        ("pending_max", PrometheusConfig { pending_max: 0, ..config() }),
    ];
    for (field, config) in wrong {
        match Prometheus::new(config).unwrap_err() {
            Error::Setting { setting, .. } => assert_eq!(setting, field),
            other => panic!("{other}"),
        }
    }
    drop(Prometheus::default());
}

#[cfg(feature = "recorder")]
#[test]
fn one_meter_feeds_both_recorders() {
    let (page, prometheus) = (forebay_metrics::WindowRecorder::default(), Prometheus::default());
    let meter = Meter::new(forebay_metrics::Fanout::new().with(page.clone()).with(prometheus.clone()));
    meter.describe(&[EVENTS]);
    meter.counter(&EVENTS, &["a"]).increment(2);
    meter.counter(&EVENTS, &["a"]).absolute(5);
    meter.histogram(&TIMES, &[]).record(0.5);
    meter.histogram(&TIMES, &[]).record_many(0.5, 2);

    let (snapshot, text) = (page.snapshot(), prometheus.render());
    let events = snapshot.counter("app_events_total", &[("what", "a")]).expect("it was counted");
    assert_eq!((events.total, events.help.as_deref()), (5, Some("Some events")));
    assert!(text.contains("app_events_total{what=\"a\"} 5") && text.contains("# HELP app_events_total"));
    assert_eq!(snapshot.histogram("app_wait_seconds", &[]).map(|h| h.minute.rate.count), Some(3));
    assert!(text.contains("app_wait_seconds_count 3"), "{text}");
}
