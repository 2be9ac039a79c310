use crate::{
    stage::{json, layer, respond},
    wire::{BOTH, Wire},
};
use forebay_response::{
    DecodedBody, Preconditions, RequestDecodingConfig, RequestDecodingLayer, ResponseLayer, Validators,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use std::{convert::Infallible, io::Write};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};

type Answer = Response<Either<Full<Bytes>, http_body_util::Empty<Bytes>>>;

/// A document of revision 7, and an echo.
async fn document(request: Request<DecodedBody<Incoming>>) -> Result<Answer, Infallible> {
    let current = Validators::new().etag(7);
    if let Err(unmet) = Preconditions::of(&request).check(&current) {
        return Ok(unmet.into_response().map(Either::Right));
    }
    if request.method() == Method::POST {
        let read = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        return Ok(respond(read, &[]).map(Either::Left));
    }
    let mut response = respond(json(5_000), &[]).map(Either::Left);
    current.apply(response.headers_mut());
    Ok(response)
}

async fn serve(layer: ResponseLayer) -> [Wire; 2] {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    let decoding = RequestDecodingLayer::new(RequestDecodingConfig::default()).expect("valid");
    let service = ServiceBuilder::new().layer(layer).layer(decoding).service(service_fn(document));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("open");
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    BOTH.map(|speak| Wire { at, speak })
}

#[tokio::test]
async fn the_same_layer_needs_no_framework() {
    for wire in serve(layer()).await {
        let plain = wire.get("/", &[]).await;
        assert_eq!((plain.status, plain.header("etag")), (StatusCode::OK, "\"7\""));
        let encoded = wire.get("/", &[("accept-encoding", "br")]).await;
        assert_eq!((encoded.header("content-encoding"), encoded.decoded()), ("br", json(5_000).to_vec()));
        assert_eq!(encoded.header("content-length"), encoded.body.len().to_string());
        let known =
            wire.get("/", &[("if-none-match", encoded.header("etag")), ("accept-encoding", "br")]).await;
        assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert!(!known.headers.contains_key("content-length"));
        let part = wire.get("/", &[("range", "bytes=10-19")]).await;
        assert_eq!((part.status, part.body), (StatusCode::PARTIAL_CONTENT, json(5_000)[10..20].to_vec()));
        let stale = wire.ask(Method::PUT, "/", &[("if-match", "\"6\"")], "x").await;
        assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    }
}

#[tokio::test]
async fn encoded_requests_too() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&json(5_000)).expect("memory");
    let body = encoder.finish().expect("memory");
    for wire in serve(layer()).await {
        let echoed = wire.ask(Method::POST, "/", &[("content-encoding", "gzip")], body.clone()).await;
        assert_eq!(echoed.body, json(5_000));
        let refused = wire.ask(Method::POST, "/", &[("content-encoding", "lzma")], body.clone()).await;
        assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let broken = wire.ask(Method::POST, "/", &[("content-encoding", "gzip")], &b"no gzip"[..]).await;
        assert_eq!(broken.status, StatusCode::BAD_REQUEST, "whatever the handler answered");
    }
}
