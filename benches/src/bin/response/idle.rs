//! What the layer costs where it has nothing to encode, against the same server without it.

use crate::{
    bodies,
    client::{Client, compare},
    hits::json,
    server,
};
use axum::{Router, http::header, routing};
use bytes::Bytes;
use forebay_benches::{Aim, PAIRS, Report};
use forebay_response::ResponseLayer;

const REQUESTS: usize = 4_000;

/// The figure, the path, and what the client says.
const CASES: [(&str, &str, &str); 4] = [
    // A body of 1.6 KB for a client that takes no coding: it gets a tag, and `Vary` says why it is plain.
    ("response.idle_layer", "/json", ""),
    ("response.idle_layer_10k", "/longer", ""),
    ("response.idle_layer_short_body", "/hello", "accept-encoding: br, gzip\r\n"),
    ("response.idle_layer_image", "/image", "accept-encoding: br, gzip\r\n"),
];

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let layer = ResponseLayer::builder().build()?;
    let (with, without) = (server::start(routes().layer(layer))?, server::start(routes())?);
    let (mut plain, _) = Client::connect(without, "/json", "")?;
    plain.time(REQUESTS);
    report.same_against_same("response.no_layer", PAIRS, || plain.time(REQUESTS));
    for (name, path, headers) in CASES {
        let (mut ours, _) = Client::connect(with, path, headers)?;
        let (mut theirs, _) = Client::connect(without, path, headers)?;
        let name = format!("{name}_vs_no_layer");
        compare(report, &name, Aim::AtLeast(0.97), PAIRS, REQUESTS, &mut ours, &mut theirs);
    }
    Ok(())
}

fn routes() -> Router {
    let [shorter, longer] = [1_600, 10_000].map(|bytes| Bytes::from(bodies::api(bytes, 4)));
    let image = longer.clone();
    let png = async move || ([(header::CONTENT_TYPE, "image/png")], image.clone());
    Router::new()
        .route("/hello", routing::get(async || "hello"))
        .route("/json", routing::get(async move || json(shorter.clone())))
        .route("/longer", routing::get(async move || json(longer.clone())))
        .route("/image", routing::get(png))
}
