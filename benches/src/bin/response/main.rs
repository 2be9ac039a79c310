//! Responses: encoded hits and 304s against a server that sends ready bytes, one-off bodies against tower-http.
//!
//! Each subject is an axum server on a thread of its own; one client keeps eight connections busy over
//! loopback. tower-http shares this build's flate2 and so runs on zlib-rs, which is faster than the backend
//! its users get by default.

mod bodies;
mod client;
mod fields;
mod server;

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, header},
    response::IntoResponse,
    routing,
};
use bytes::Bytes;
use client::{Answer, Client};
use forebay_benches::{Aim, PAIRS, Report, version_of};
use forebay_response::{Coding, Prepared, ResponseLayer};
use tower_http::compression::CompressionLayer;

fn main() -> anyhow::Result<()> {
    let mut report = Report::new("response");
    report.peer("axum", version_of("axum"));
    report.peer("tower-http", version_of("tower-http"));
    hits(&mut report)?;
    fields::fields(&mut report)?;
    for (name, aim, bytes, coding, requests) in [
        ("response.gzip_10k_vs_tower_http", Aim::AtLeast(1.4), 10_000, Coding::Gzip, 1_600),
        ("response.gzip_100k_vs_tower_http", Aim::AtLeast(2.0), 100_000, Coding::Gzip, 160),
        ("response.br_10k_vs_tower_http", Aim::AtLeast(1.1), 10_000, Coding::Brotli, 1_600),
        ("response.br_100k_vs_tower_http", Aim::AtLeast(1.1), 100_000, Coding::Brotli, 160),
    ] {
        one_off(&mut report, name, aim, bytes, coding, requests)?;
    }
    report.finish()
}

/// What was encoded before, and what the client has already.
fn hits(report: &mut Report) -> anyhow::Result<()> {
    const REQUESTS: usize = 8_000;
    let body = Bytes::from(bodies::api(10_000, 1));
    let layer = ResponseLayer::builder().build()?;
    let prepared = Prepared::json(body.clone());
    let ours = server::start(
        Router::new()
            .route("/prepared", routing::get(async move || prepared.clone().into_response().map(Body::new)))
            .route("/plain", routing::get(async move || json(body.clone())))
            .layer(layer),
    )?;
    let (mut hit, answer) = Client::connect(ours, "/prepared", "accept-encoding: br\r\n")?;
    wire_bytes(report, "response.encoded_hit_bytes", &answer);

    // The same head and the same bytes, from a handler that has them.
    let etag = answer.headers[header::ETAG].to_str()?.to_owned();
    let theirs = server::start(Router::new().route(
        "/ready",
        routing::get(async move || (answer.headers.clone(), answer.body.clone()).into_response()),
    ))?;
    let (mut ready, answer) = Client::connect(theirs, "/ready", "")?;
    wire_bytes(report, "response.ready_bytes_bytes", &answer);
    let conditional = format!("accept-encoding: br\r\nif-none-match: {etag}\r\n");
    let (mut known, answer) = Client::connect(ours, "/prepared", &conditional)?;
    wire_bytes(report, "response.not_modified_bytes", &answer);
    let (mut seen, answer) = Client::connect(ours, "/plain", "accept-encoding: br\r\n")?;
    wire_bytes(report, "response.seen_body_bytes", &answer);

    for client in [&mut hit, &mut ready, &mut known, &mut seen] {
        client.time(REQUESTS);
    }
    report.same_against_same("response.ready_bytes", PAIRS, || ready.time(REQUESTS));
    for (name, aim, client) in [
        ("response.encoded_hit_vs_ready_bytes", Aim::AtLeast(0.95), &mut hit),
        ("response.not_modified_vs_ready_bytes", Aim::AtLeast(0.95), &mut known),
        ("response.seen_body_vs_ready_bytes", Aim::None, &mut seen),
    ] {
        report.throughput_ratio(name, aim, PAIRS, || client.time(REQUESTS), || ready.time(REQUESTS));
    }
    Ok(())
}

/// The length of head and body.
fn wire_bytes(report: &mut Report, name: &str, answer: &Answer) {
    report.value(name, Aim::None, answer.wire_bytes as f64, "bytes", 1);
}

/// Bodies that are encoded for one response each.
fn one_off(
    report: &mut Report,
    name: &str,
    aim: Aim,
    bytes: usize,
    coding: Coding,
    requests: usize,
) -> anyhow::Result<()> {
    let body = Bytes::from(bodies::api(bytes, 2));
    let routes = || {
        let body = body.clone();
        Router::new().route("/", routing::get(async move || json(body.clone())))
    };
    // Nothing is kept from one response to the next.
    let layer = ResponseLayer::builder().variant_bytes_max(0).build()?;
    let ours = server::start(routes().layer(layer))?;
    let theirs = server::start(routes().layer(CompressionLayer::new()))?;
    let asked = format!("accept-encoding: {coding}\r\n");
    let (mut ours, our_answer) = Client::connect(ours, "/", &asked)?;
    let (mut theirs, their_answer) = Client::connect(theirs, "/", &asked)?;
    let (our_bytes, their_bytes) = (our_answer.body.len(), their_answer.body.len());
    report.value(&format!("{name}_ours"), Aim::None, our_bytes as f64, "bytes", 1);
    report.value(&format!("{name}_theirs"), Aim::None, their_bytes as f64, "bytes", 1);
    ours.time(requests);
    theirs.time(requests);
    report.throughput_ratio(name, aim, PAIRS, || ours.time(requests), || theirs.time(requests));
    let size = our_bytes as f64 / their_bytes as f64;
    report.value(&format!("{name}_size"), Aim::AtMost(1.03), size, "ratio", 1);
    Ok(())
}

fn json(body: Bytes) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body)
}
