//! How often answers that are ready allocate: from the request's head to the last frame of the body, without a connection.

use allocation_counter::measure;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, Response, StatusCode, header},
    routing,
};
use bytes::Bytes;
use forebay_response::{Prepared, ResponseCache, ResponseLayer};
use http_body_util::BodyExt as _;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

const ACCEPTS: (&str, &str) = ("accept-encoding", "br, gzip");

#[expect(clippy::print_stdout, reason = "printing figures is this program's output")]
fn main() -> anyhow::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let body = Bytes::from(r#"{"name":"Ada Lovelace"},"#.repeat(400));
    for (hit, not_modified, routes) in [
        ("encoded_hit", "not_modified", prepared(&body)?),
        ("cached_hit", "cached_not_modified", cached(&body)?),
    ] {
        // The first answer encodes, and begins what a route begins once.
        let (parts, bytes) = whole(&runtime, &routes, &[ACCEPTS])?.into_parts();
        println!("{hit} {}", count(&runtime, &routes, &[ACCEPTS], StatusCode::OK)?);
        println!(
            "{hit}_ready_bytes {}",
            count(&runtime, &ready(parts.headers.clone(), bytes), &[ACCEPTS], StatusCode::OK)?
        );
        let known = [ACCEPTS, ("if-none-match", parts.headers[header::ETAG].to_str()?)];
        println!("{not_modified} {}", count(&runtime, &routes, &known, StatusCode::NOT_MODIFIED)?);
    }
    Ok(())
}

fn prepared(body: &Bytes) -> anyhow::Result<Router> {
    let prepared = Prepared::json(body.clone());
    let handler = async move || prepared.clone().into_response().map(Body::new);
    Ok(Router::new().route("/", routing::get(handler)).layer(ResponseLayer::builder().build()?))
}

fn cached(body: &Bytes) -> anyhow::Result<Router> {
    let body = body.clone();
    let handler = async move || {
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "max-age=3600")];
        (headers, body.clone())
    };
    let layer = ResponseLayer::builder().build()?.cached(&ResponseCache::builder("bench").build()?);
    Ok(Router::new().route("/", routing::get(handler)).layer(layer))
}

fn ready(headers: HeaderMap, body: Bytes) -> Router {
    let handler = async move || {
        let mut response = Response::new(Body::from(body.clone()));
        *response.headers_mut() = headers.clone();
        response
    };
    Router::new().route("/", routing::get(handler))
}

fn request(headers: &[(&str, &str)]) -> anyhow::Result<Request<Body>> {
    let request = Request::builder().uri("/").header("host", "bench");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Ok(request.body(Body::empty())?)
}

fn whole(runtime: &Runtime, routes: &Router, headers: &[(&str, &str)]) -> anyhow::Result<Response<Bytes>> {
    runtime.block_on(async {
        let (parts, body) = routes.clone().oneshot(request(headers)?).await?.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    })
}

/// The allocations of the second such answer.
fn count(
    runtime: &Runtime,
    routes: &Router,
    headers: &[(&str, &str)],
    expected: StatusCode,
) -> anyhow::Result<u64> {
    whole(runtime, routes, headers)?;
    let asked = request(headers)?;
    let routes = routes.clone();
    let mut status = None;
    let counted = measure(|| {
        status = runtime.block_on(async {
            let response = routes.oneshot(asked).await.ok()?;
            let status = response.status();
            let mut body = response.into_body();
            while let Some(frame) = body.frame().await {
                drop(frame.ok()?);
            }
            Some(status)
        });
    });
    anyhow::ensure!(status == Some(expected), "answered {status:?}");
    Ok(counted.count_total)
}
