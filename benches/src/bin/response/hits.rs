//! What was encoded before, and what the client has already, against the same server sending those bytes without any layer.

use crate::{
    allocations, bodies,
    client::{Answer, Client, compare},
    server::{self, Server, wrapping_only},
};
use axum::{
    Router,
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use bytes::Bytes;
use forebay_benches::{Aim, PAIRS, Report};
use forebay_response::{HotConfig, Prepared, ResponseCache, ResponseLayer};

/// What a service sends that is cached: a short answer, a page of a list, a long list. The first is the one without a name.
const SIZES: [(&str, usize, usize); 3] =
    [("", 10_000, 4_000), ("_1600", 1_600, 4_000), ("_100k", 100_000, 2_000)];
const ACCEPTS: &str = "accept-encoding: br, gzip\r\n";

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    for size in SIZES {
        let (name, bytes, requests) = size;
        let server = ours(&Bytes::from(bodies::api(bytes, 1)))?;
        if name.is_empty() {
            let (_, prepared) = Client::connect(server, "/prepared", ACCEPTS)?;
            let (mut ready, _) = ready(&prepared)?;
            ready.time(requests);
            report.same_against_same("response.ready_bytes", PAIRS, || ready.time(requests));
            let wrapping = server::start(ready_routes(&prepared)?.layer(wrapping_only()))?;
            let (mut wrapping, _) = Client::connect(wrapping, READY, ACCEPTS)?;
            let name = "response.wrapping_layer_vs_ready_bytes";
            compare(report, name, Aim::None, PAIRS, requests, &mut wrapping, &mut ready);
        }
        hit_and_known(report, server, size, ["encoded_hit", "not_modified", "/prepared"])?;
        hit_and_known(report, server, size, ["cached_hit", "cached_not_modified", "/cached"])?;
        let (mut seen, answer) = Client::connect(server, "/seen", ACCEPTS)?;
        let (mut ready, _) = ready(&answer)?;
        let name = format!("response.seen_body{name}_vs_ready_bytes");
        compare(report, &name, Aim::None, PAIRS, requests, &mut seen, &mut ready);
    }
    allocations::run(report)
}

/// A client that has nothing, and one that has the copy that the first one got.
fn hit_and_known(
    report: &mut Report,
    server: Server,
    (size, _, requests): (&str, usize, usize),
    [hit, not_modified, path]: [&str; 3],
) -> anyhow::Result<()> {
    let (mut ours, answer) = Client::connect(server, path, ACCEPTS)?;
    anyhow::ensure!(answer.headers[header::CONTENT_ENCODING] == "br", "{path} is encoded");
    let (mut bytes, same) = ready(&answer)?;
    anyhow::ensure!(same.headers == answer.headers && same.body == answer.body, "both send the same");
    wire_bytes(report, &format!("response.{hit}{size}_bytes"), &answer);
    let aim = Aim::AtLeast(0.95);
    let name = format!("response.{hit}{size}_vs_ready_bytes");
    compare(report, &name, aim, PAIRS, requests, &mut ours, &mut bytes);

    let etag = answer.headers[header::ETAG].to_str()?;
    let (mut known, answer) = Client::connect(server, path, &format!("{ACCEPTS}if-none-match: {etag}\r\n"))?;
    anyhow::ensure!(answer.status == 304, "{path} is known");
    wire_bytes(report, &format!("response.{not_modified}{size}_bytes"), &answer);
    let name = format!("response.{not_modified}{size}_vs_ready_bytes");
    compare(report, &name, aim, PAIRS, requests, &mut known, &mut bytes);
    if size.is_empty() {
        // Against a handler that sends nothing but this head, whatever the client has.
        let (mut head, _) = ready(&answer)?;
        let name = format!("response.{not_modified}_vs_ready_304");
        compare(report, &name, Aim::None, PAIRS, requests, &mut known, &mut head);
    }
    Ok(())
}

/// One body in three ways: prepared by the handler, in a cache of responses, and made anew each time.
pub(crate) fn ours(body: &Bytes) -> anyhow::Result<Server> {
    // The client counts on answers of one length, so no form is replaced by a better one meanwhile.
    let layer = ResponseLayer::builder().hot(HotConfig { hits: 0, ..HotConfig::default() }).build()?;
    let (prepared, cached, seen) = (Prepared::json(body.clone()), body.clone(), body.clone());
    let handler = async move || ([(header::CACHE_CONTROL, "max-age=3600")], json(cached.clone()));
    let kept = Router::new()
        .route("/cached", routing::get(handler))
        .layer(layer.clone().cached(&ResponseCache::builder("bench").build()?));
    server::start(
        Router::new()
            .route("/prepared", routing::get(async move || prepared.clone().into_response().map(Body::new)))
            .route("/seen", routing::get(async move || json(seen.clone())))
            .layer(layer)
            .merge(kept),
    )
}

/// The same head and the same bytes, from a handler that has them ready.
pub(crate) fn ready(answer: &Answer) -> anyhow::Result<(Client, Answer)> {
    let server = ready_server(answer)?;
    Client::connect(server, READY, ACCEPTS)
}

/// Where a server has its bytes.
pub(crate) const READY: &str = "/ready";

/// A server that sends this head and these bytes.
pub(crate) fn ready_server(answer: &Answer) -> anyhow::Result<Server> {
    server::start(ready_routes(answer)?)
}

/// One route, found like those of the others.
fn ready_routes(answer: &Answer) -> anyhow::Result<Router> {
    let (status, headers, body) =
        (StatusCode::from_u16(answer.status)?, answer.headers.clone(), answer.body.clone());
    let handler = async move || {
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = status;
        *response.headers_mut() = headers.clone();
        response
    };
    Ok(Router::new().route(READY, routing::get(handler)))
}

/// The length of head and body.
fn wire_bytes(report: &mut Report, name: &str, answer: &Answer) {
    report.value(name, Aim::None, answer.wire_bytes as f64, "bytes", 1);
}

pub(crate) fn json(body: Bytes) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body)
}
