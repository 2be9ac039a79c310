use crate::site::{Site, ask, ask_h2, minute, rules};
use bytes::Bytes;
use forebay_metrics::Meter;
use forebay_response::{CacheRules, ResponseCache, ResponseLayer};
use http::{Method, Request};
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

#[tokio::test]
async fn each_answer_says_how_it_came_about() {
    let site = Site::new(|call, _| minute(call)).await;
    assert_eq!(
        site.get("/").await.header("cache-status"),
        "forebay; fwd=uri-miss; fwd-status=200; ttl=60; stored"
    );
    site.passes(10);
    assert_eq!(site.get("/").await.header("cache-status"), "forebay; hit; ttl=50");
    let anew = site.get_with("/", &[("cache-control", "no-cache")]).await;
    assert_eq!(anew.handled(), "fwd=request; fwd-status=200; stored");
}

#[tokio::test]
async fn it_adds_to_what_caches_before_it_said_and_is_silent_without_a_name() {
    let answers = |call: usize, _: &http::Request<axum::body::Body>| {
        let mut response = minute(call);
        response.headers_mut().insert("cache-status", http::HeaderValue::from_static("origin; fwd=stale"));
        response
    };
    let site = Site::new(answers).await;
    site.get("/").await;
    assert_eq!(site.get("/").await.header("cache-status"), "origin; fwd=stale, forebay; hit; ttl=60");
    let site = Site::with(CacheRules { name: String::new(), ..rules() }, answers).await;
    assert_eq!(site.get("/").await.header("cache-status"), "origin; fwd=stale");
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let built = |rules| forebay_response::ResponseCache::builder("x").rules(rules).build().map(drop);
    let named = |name: &str| CacheRules { name: name.to_owned(), ..CacheRules::default() };
    assert!(built(named("")).is_ok());
    assert!(built(named("a b")).is_err());
    assert!(built(CacheRules { vary: vec!["a b".into()], ..CacheRules::default() }).is_err());
    assert!(built(CacheRules { variants_max: 0, ..CacheRules::default() }).is_err());
}

#[tokio::test]
async fn what_came_of_requests_is_counted() {
    let recorder = DebuggingRecorder::new();
    let counted = recorder.snapshotter();
    let meter = Meter::new(recorder);
    let site = Site::built(|cache| cache.meter(&meter), |call, _| async move { minute(call) }).await;
    for _ in 0..3 {
        site.get("/").await;
    }
    site.get_with("/", &[("cookie", "a=b")]).await;
    let mut counts = Vec::new();
    for (key, .., value) in counted.snapshot().into_vec() {
        let label = key.key().labels().next().map_or(String::new(), |label| label.value().to_owned());
        if let DebugValue::Counter(count) = value
            && key.key().name().starts_with("forebay_response_cache")
            && count > 0
        {
            counts.push((label, count));
        }
    }
    counts.sort();
    let expected = [("cookie", 1), ("hit", 2), ("miss", 1), ("pass", 1)];
    assert_eq!(counts, expected.map(|(label, count)| (label.to_owned(), count)));
}

/// On plain hyper a body with a default goes in front.
#[tokio::test]
async fn it_serves_on_plain_hyper() {
    let cache = ResponseCache::builder("plain").meter(&Meter::disabled()).build().expect("valid");
    let layer = ResponseLayer::builder().meter(Meter::disabled()).build().expect("valid").cached(&cache);
    let calls = Arc::new(AtomicUsize::new(0));
    let handler = tower::service_fn(move |_: Request<BoxBody<Bytes, hyper::Error>>| {
        let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok::<_, Infallible>(minute(call)) }
    });
    let boxed = |request: Request<Incoming>| request.map(BodyExt::boxed);
    let service = ServiceBuilder::new().map_request(boxed).layer(layer).service(handler);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let serving = Builder::new(TokioExecutor::new());
                drop(serving.serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    for _ in 0..2 {
        assert_eq!(ask(at, Method::GET, "/", &[]).await.text(), "call 1");
        assert_eq!(ask_h2(at, Method::GET, "/", &[]).await.header("etag").len(), 34);
    }
}
