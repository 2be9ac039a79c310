//! Bodies that are encoded for one response each, beside tower-http at its defaults.

use crate::{
    bodies,
    client::{Client, compare},
    hits::json,
    server,
};
use axum::{Router, routing};
use bytes::Bytes;
use forebay_benches::{Aim, Report};
use forebay_response::{Coding, ResponseLayer};
use tower_http::compression::CompressionLayer;

/// Every pair of these encodes a lot; the ratios are far from their aims.
const PAIRS: usize = 15;
/// Bodies, and how many of them are asked for at once.
const SIZES: [(&str, usize, usize); 3] =
    [("1600", 1_600, 4_000), ("10k", 10_000, 1_200), ("100k", 100_000, 120)];

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    for coding in Coding::compiled() {
        for (size, bytes, requests) in SIZES {
            let name = format!("response.{coding}_{size}_vs_tower_http");
            one_off(report, &name, bytes, coding, requests)?;
        }
    }
    Ok(())
}

/// What is to be reached; nothing may be slower.
fn aim(name: &str) -> Aim {
    Aim::AtLeast(match name {
        "response.gzip_10k_vs_tower_http" => 1.4,
        "response.gzip_100k_vs_tower_http" => 2.0,
        "response.zstd_10k_vs_tower_http" => 1.7,
        "response.br_10k_vs_tower_http" => 1.1,
        _ => 1.0,
    })
}

fn one_off(
    report: &mut Report,
    name: &str,
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
    let layer = ResponseLayer::builder().codings([coding]).variant_bytes_max(0).build()?;
    let ours = server::start(routes().layer(layer))?;
    let theirs = server::start(routes().layer(CompressionLayer::new()))?;
    let asked = format!("accept-encoding: {coding}\r\n");
    let (mut ours, our_answer) = Client::connect(ours, "/", &asked)?;
    let (mut theirs, their_answer) = Client::connect(theirs, "/", &asked)?;
    for answer in [&our_answer, &their_answer] {
        let said = answer.headers.get("content-encoding");
        anyhow::ensure!(said.is_some_and(|said| said == coding.token()), "{name}: encoded as {said:?}");
    }
    compare(report, name, aim(name), PAIRS, requests, &mut ours, &mut theirs);
    let (our_bytes, their_bytes) = (our_answer.body.len(), their_answer.body.len());
    report.value(&format!("{name}_ours"), Aim::None, our_bytes as f64, "bytes", 1);
    report.value(&format!("{name}_theirs"), Aim::None, their_bytes as f64, "bytes", 1);
    let size = our_bytes as f64 / their_bytes as f64;
    report.value(&format!("{name}_size"), Aim::AtMost(1.03), size, "ratio", 1);
    Ok(())
}
