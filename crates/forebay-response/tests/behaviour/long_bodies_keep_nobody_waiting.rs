use crate::stage::{ask, json, request, respond};
use forebay_metrics::Meter;
use forebay_response::{Prepared, ResponseLayer};
use http::Method;
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::{
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

/// Remembers on which thread each encoding was measured.
#[derive(Debug, Default, Clone)]
struct Threads(Arc<Mutex<Vec<ThreadId>>>);

impl Threads {
    fn seen(&self) -> Vec<ThreadId> {
        std::mem::take(&mut self.0.lock().expect("not poisoned"))
    }
}

impl HistogramFn for Threads {
    fn record(&self, _: f64) {
        self.0.lock().expect("not poisoned").push(thread::current().id());
    }
}

impl Recorder for Threads {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match key.name() {
            "forebay_response_encode_seconds" => Histogram::from_arc(Arc::new(self.clone())),
            _ => Histogram::noop(),
        }
    }
}

fn layer() -> (ResponseLayer, Threads) {
    let threads = Threads::default();
    let builder = ResponseLayer::builder().meter(Meter::new(threads.clone())).inline_bytes_max(20_000);
    (builder.build().expect("valid"), threads)
}

const GZIP: (&str, &str) = ("accept-encoding", "gzip");

#[tokio::test]
async fn a_long_body_is_encoded_elsewhere() {
    let (layer, threads) = layer();
    for (length, here) in [(20_000, true), (20_001, false)] {
        let answer = ask(&layer, request(Method::GET, &[GZIP]), respond(json(length), &[])).await;
        assert_eq!((answer.header("content-encoding"), answer.decoded()), ("gzip", json(length).to_vec()));
        assert!(!answer.header("etag").is_empty());
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        let seen = threads.seen();
        assert_eq!((seen.len(), seen[0] == thread::current().id()), (1, here), "{length}");
    }
}

#[tokio::test]
async fn so_is_a_long_prepared_body_the_first_time() {
    let (layer, threads) = layer();
    let prepared = Prepared::json(json(30_000));
    for encodings in [1, 0] {
        let answer = ask(&layer, request(Method::GET, &[GZIP]), prepared.clone().into_response()).await;
        assert_eq!(answer.decoded(), json(30_000));
        let seen = threads.seen();
        assert_eq!(seen.len(), encodings);
        assert!(!seen.contains(&thread::current().id()));
    }
}

#[test]
fn without_a_runtime_it_is_encoded_here() {
    let (layer, threads) = layer();
    let answer = ask(&layer, request(Method::GET, &[GZIP]), respond(json(30_000), &[]));
    let answer = futures_util::FutureExt::now_or_never(answer).expect("nothing to wait for");
    assert_eq!(answer.decoded(), json(30_000));
    assert_eq!(threads.seen(), [thread::current().id()]);
}
