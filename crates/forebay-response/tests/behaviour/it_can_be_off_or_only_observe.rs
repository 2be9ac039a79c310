//! The layer can be switched off, and can look first: clients get the truth, and what would have been sent is measured.

use crate::{
    stage::{Answer, Counts, boxed, json, measured, noise, respond},
    wire::{BOTH, Wire, listen},
};
use axum::{Router, routing};
use bytes::Bytes;
use forebay_response::{ResponseLayer, ResponseMode};
use http::{Method, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use std::{convert::Infallible, net::SocketAddr};

const GZIP: (&str, &str) = ("accept-encoding", "gzip");
const BR: (&str, &str) = ("accept-encoding", "br");

async fn serve(mode: ResponseMode) -> (SocketAddr, ResponseLayer, Counts) {
    let (builder, counts) = measured();
    let layer = builder.mode(mode).build().expect("valid");
    let tagged = [("etag", "\"v1\""), ("cache-control", "max-age=60")];
    let routes = Router::new()
        .route("/json", routing::get(async || boxed(respond(json(9_000), &[]))))
        .route("/long", routing::get(async || boxed(respond(json(900_000), &[]))))
        .route("/tagged", routing::get(async move || boxed(respond(json(9_000), &tagged))))
        .route("/noise", routing::get(async || boxed(respond(noise(9_000), &[]))))
        .route(
            "/stream",
            routing::get(async || {
                let frames = futures_util::stream::iter([Ok::<_, Infallible>(Frame::data(json(9_000)))]);
                respond(Bytes::new(), &[]).map(|_| axum::body::Body::new(StreamBody::new(frames)))
            }),
        )
        .layer(layer.clone());
    (listen(routes).await, layer, counts)
}

/// A path, the request's headers, the body of the truth, and what would have been sent.
type Case = (&'static str, &'static [(&'static str, &'static str)], Bytes, &'static str);

fn untouched(answer: &Answer) {
    for header in ["content-encoding", "vary", "accept-ranges"] {
        assert_eq!(answer.header(header), "", "{header}");
    }
}

#[tokio::test]
async fn off_it_leaves_everything_as_it_is() {
    let (at, layer, counts) = serve(ResponseMode::Off).await;
    for speak in BOTH {
        let wire = Wire { at, speak };
        let answer = wire.ask(Method::GET, "/json", &[("accept-encoding", "gzip")], "").await;
        untouched(&answer);
        assert_eq!((answer.header("etag"), &answer.body[..]), ("", &json(9_000)[..]));
        let known = [("accept-encoding", "gzip"), ("if-none-match", "\"v1\""), ("range", "bytes=0-1")];
        let answer = wire.ask(Method::GET, "/tagged", &known, "").await;
        untouched(&answer);
        assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, "\"v1\""));
    }
    assert_eq!(counts.since_last_look()("forebay_response_body_bytes_total"), 0);
    layer.set_mode(ResponseMode::On);
    let answer =
        Wire { at, speak: BOTH[0] }.ask(Method::GET, "/json", &[("accept-encoding", "gzip")], "").await;
    assert_eq!((layer.mode(), answer.header("content-encoding")), (ResponseMode::On, "gzip"));
}

#[tokio::test]
async fn observing_it_sends_the_truth_and_says_what_it_would_have_sent() {
    let (at, layer, counts) = serve(ResponseMode::Observe).await;
    let cases: [Case; 8] = [
        ("/json", &[GZIP], json(9_000), "right"),
        ("/json", &[BR], json(9_000), "right"),
        ("/long", &[GZIP], json(900_000), "right"),
        ("/noise", &[GZIP], noise(9_000), "plain"),
        ("/json", &[], json(9_000), "plain"),
        ("/tagged", &[GZIP, ("if-none-match", "\"v1\"")], json(9_000), "not_modified"),
        ("/json", &[("range", "bytes=0-9")], json(9_000), "range"),
        ("/stream", &[GZIP], json(9_000), "stream"),
    ];
    for (path, headers, body, would) in cases {
        for speak in BOTH {
            let answer = Wire { at, speak }.ask(Method::GET, path, headers, "").await;
            untouched(&answer);
            assert_eq!(answer.status, StatusCode::OK, "{path} {would}");
            assert_eq!(answer.body, body, "{path} {would}");
            let seen = counts.since_last_look();
            assert_eq!(seen(&format!("forebay_response_observed_total {would}")), 1, "{path} {headers:?}");
            assert_eq!(seen("forebay_response_observed_total"), 1, "{path} {headers:?}");
        }
    }
    Wire { at, speak: BOTH[0] }.ask(Method::GET, "/json", &[GZIP], "").await;
    let seen = counts.since_last_look();
    assert!(seen("forebay_response_sent_bytes_total gzip") > 0, "what it would have sent is measured");
    assert_eq!(seen("forebay_response_route_sent_bytes_total"), 9_000, "and what was sent");
    layer.set_mode(ResponseMode::On);
}
