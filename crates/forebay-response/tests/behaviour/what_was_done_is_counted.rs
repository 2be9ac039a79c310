use crate::stage::{Counts, ask, builder, json, measured, noise, request, respond};
use bytes::Bytes;
use forebay_response::{METRICS, Prepared, ResponseLayer};
use http::{Method, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use std::convert::Infallible;

const GZIP: (&str, &str) = ("accept-encoding", "gzip");

fn layer() -> (ResponseLayer, Counts) {
    let (builder, counts) = measured();
    (builder.build().expect("valid"), counts)
}

#[tokio::test]
async fn each_skip_has_its_reason() {
    let (layer, counts) = layer();
    let plain = || respond(json(5_000), &[]);
    let with = |headers: &[(&str, &str)]| respond(json(5_000), headers);
    let get = |headers| request(Method::GET, headers);
    let cases = [
        ("partial", get(&[GZIP]), with(&[("content-range", "bytes 0-4999/9000")])),
        ("encoded", get(&[GZIP]), with(&[("content-encoding", "br")])),
        ("no_transform", get(&[GZIP]), with(&[("cache-control", "no-transform")])),
        ("ineligible", get(&[GZIP]), with(&[("content-type", "image/png")])),
        ("not_accepted", get(&[]), plain()),
        ("small", get(&[GZIP]), respond(json(100), &[])),
        ("no_gain", get(&[GZIP]), respond(noise(5_000), &[])),
        ("status", request(Method::CONNECT, &[GZIP]), plain()),
        ("head", request(Method::HEAD, &[GZIP]), respond(Bytes::new(), &[])),
    ];
    for (reason, asked, response) in cases {
        ask(&layer, asked, response).await;
        let seen = counts.since_last_look();
        assert_eq!(seen(&format!("forebay_response_skipped_total {reason}")), 1, "{reason}");
        assert_eq!(seen("forebay_response_skipped_total"), 1, "{reason}");
    }
}

#[tokio::test]
async fn bytes_ratios_hits_and_304s() {
    let (layer, counts) = layer();
    let sent = ask(&layer, request(Method::GET, &[GZIP]), respond(json(5_000), &[])).await;
    let seen = counts.since_last_look();
    assert_eq!(seen("forebay_response_body_bytes_total gzip"), 5_000);
    assert_eq!(seen("forebay_response_sent_bytes_total gzip"), sent.body.len() as u64);
    assert_eq!(seen("forebay_response_encoded_ratio gzip"), 1);

    let known = [GZIP, ("if-none-match", sent.header("etag"))];
    let answer = ask(&layer, request(Method::GET, &known), respond(json(5_000), &[])).await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
    assert_eq!(counts.since_last_look()("forebay_response_not_modified_total"), 1);

    let prepared = Prepared::json(json(5_000));
    for hits in [0, 1] {
        ask(&layer, request(Method::GET, &[GZIP]), prepared.clone().into_response()).await;
        assert_eq!(counts.since_last_look()("forebay_response_variant_hits_total prepared"), hits);
    }
    ask(&layer, request(Method::GET, &[GZIP]), respond(json(5_000), &[])).await;
    assert_eq!(counts.since_last_look()("forebay_response_variant_hits_total store"), 1);

    let frames = futures_util::stream::iter([Ok::<_, Infallible>(Frame::data(json(5_000)))]);
    let streamed = respond(Bytes::new(), &[]).map(|_| StreamBody::new(frames));
    ask(&layer, request(Method::GET, &[GZIP]), streamed).await;
    assert_eq!(counts.since_last_look()("forebay_response_streams_total gzip"), 1);
}

#[test]
fn descriptions_name_the_crate_and_are_unique() {
    let mut names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
    assert!(names.iter().all(|name| name.starts_with("forebay_response_")));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), METRICS.len());
    assert!(builder().build().is_ok(), "nothing has to be measured");
}
