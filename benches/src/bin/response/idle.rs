//! What the layer costs where it has nothing to encode, against the same server without it.

use crate::{
    bodies,
    client::{Client, compare},
    hits::json,
    server::{self, wrapping_only},
};
use axum::{Router, http::header, routing};
use bytes::Bytes;
use forebay_benches::{Aim, PAIRS, Report};
use forebay_response::ResponseLayer;
use tower_http::compression::CompressionLayer;

const REQUESTS: usize = 4_000;
const ACCEPTS: &str = "accept-encoding: br, gzip\r\n";

/// Responses that get a tag and are not encoded: the figure, the path, and what the client says.
const TAGGED: [(&str, &str, &str); 4] = [
    // 1.6 KB for a client that takes no coding.
    ("response.tagged_only", "/json", ""),
    ("response.tagged_only_10k", "/longer", ""),
    ("response.tagged_only_short_body", "/hello", ACCEPTS),
    ("response.tagged_only_image", "/image", ACCEPTS),
];

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let layer = ResponseLayer::builder().build()?;
    let (with, without) = (server::start(routes().layer(layer))?, server::start(routes())?);
    let (mut plain, untouched) = Client::connect(without, "/untouched", ACCEPTS)?;
    plain.time(REQUESTS);
    report.same_against_same("response.no_layer", PAIRS, || plain.time(REQUESTS));

    // What any layer costs that gives the body another type, as all do that may change it.
    let wrapping = server::start(routes().layer(wrapping_only()))?;
    let compression = server::start(routes().layer(CompressionLayer::new()))?;
    for (name, server, aim) in [
        ("response.idle_layer_vs_no_layer", with, Aim::AtLeast(0.97)),
        ("response.wrapping_layer_vs_no_layer", wrapping, Aim::None),
        ("response.tower_http_idle_vs_no_layer", compression, Aim::None),
    ] {
        let (mut layered, answer) = Client::connect(server, "/untouched", ACCEPTS)?;
        anyhow::ensure!(
            answer.headers == untouched.headers && answer.body == untouched.body,
            "{name}: the response is as it was"
        );
        compare(report, name, aim, PAIRS, REQUESTS, &mut layered, &mut plain);
    }
    for (name, path, headers) in TAGGED {
        let (mut ours, answer) = Client::connect(with, path, headers)?;
        anyhow::ensure!(answer.headers.contains_key(header::ETAG), "{path} has a tag");
        let (mut theirs, _) = Client::connect(without, path, headers)?;
        let name = format!("{name}_vs_no_layer");
        compare(report, &name, Aim::None, PAIRS, REQUESTS, &mut ours, &mut theirs);
    }
    Ok(())
}

fn routes() -> Router {
    let [shorter, longer] = [1_600, 10_000].map(|bytes| Bytes::from(bodies::api(bytes, 4)));
    let (image, tagged) = (longer.clone(), shorter.clone());
    let png = || (header::CONTENT_TYPE, "image/png");
    Router::new()
        .route("/hello", routing::get(async || "hello"))
        .route("/json", routing::get(async move || json(shorter.clone())))
        .route("/longer", routing::get(async move || json(longer.clone())))
        .route("/image", routing::get(async move || ([png()], image.clone())))
        // Of a type that is not encoded, with a tag of its handler.
        .route("/untouched", routing::get(async move || ([png(), (header::ETAG, "\"7\"")], tagged.clone())))
}
