use crate::{
    stage::{Answer, builder, json, respond},
    wire::{Speak, Wire, wires},
};
use axum::{Router, body::Body, routing::get};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use forebay_response::Digests;
use http::Method;
use http_body::Frame;
use http_body_util::StreamBody;
use sha2::{Digest as _, Sha256};
use std::convert::Infallible;

async fn serve(digests: Digests) -> [Wire; 2] {
    let trailing = async || {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("content-digest", "sha-256=:AAAA:".parse().expect("valid"));
        trailers.insert("x-rows", "7".parse().expect("valid"));
        let frames = [Frame::data(json(5_000)), Frame::trailers(trailers)].map(Ok::<_, Infallible>);
        respond(json(2), &[]).map(|_| Body::new(StreamBody::new(futures_util::stream::iter(frames))))
    };
    let own = [("content-digest", "sha-256=:AAAA:"), ("repr-digest", "sha-256=:BBBB:")];
    let routes = Router::new()
        .route("/", get(async || respond(json(5_000), &[]).map(Body::new)))
        .route("/own", get(async move || respond(json(5_000), &own).map(Body::new)))
        .route("/trailing", get(trailing));
    wires(routes.layer(builder().digests(digests).build().expect("valid"))).await
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

fn assert_true(answer: &Answer) {
    assert_eq!(answer.header("content-digest"), sha256(&answer.body));
    assert_eq!(answer.header("repr-digest"), sha256(&answer.body));
}

#[tokio::test]
async fn they_are_of_the_bytes_that_are_sent() {
    for wire in serve(Digests::All).await {
        for coding in ["", "gzip", "br"] {
            let asked = [("accept-encoding", coding)];
            let whole = wire.get("/", &asked).await;
            assert_true(&whole);
            let head = wire.ask(Method::HEAD, "/", &asked, "").await;
            assert_eq!(head.header("repr-digest"), whole.header("repr-digest"));
            let part = wire.get("/", &[("range", "bytes=5-99"), asked[0]]).await;
            assert_eq!(part.header("content-digest"), sha256(&whole.body[5..100]));
            assert_eq!(part.header("repr-digest"), sha256(&whole.body));
        }
        assert_eq!(wire.get("/own", &[]).await.header("content-digest"), "sha-256=:AAAA:", "the handler's");
        assert_true(&wire.get("/own", &[("accept-encoding", "gzip")]).await);
    }
}

#[tokio::test]
async fn they_can_be_left_to_those_who_want_them() {
    for wire in serve(Digests::Wanted).await {
        for (wants, given) in [
            ("sha-256=10", true),
            ("md5=1, sha-256", true),
            ("sha-256=0", false),
            ("sha-512=3", false),
            ("x", false),
        ] {
            let repr = wire.get("/", &[("want-repr-digest", wants)]).await;
            assert_eq!(!repr.header("repr-digest").is_empty(), given, "{wants}");
            assert_eq!(repr.header("content-digest"), "");
            let content = wire.get("/", &[("want-content-digest", wants)]).await;
            assert_eq!(!content.header("content-digest").is_empty(), given, "{wants}");
        }
    }
}

#[tokio::test]
async fn a_trailer_that_is_no_longer_true_is_not_sent() {
    for wire in serve(Digests::None).await {
        let encoded = wire.get("/trailing", &[("accept-encoding", "gzip"), ("te", "trailers")]).await;
        assert_eq!(encoded.decoded(), json(5_000));
        let trailers = encoded.trailers.unwrap_or_default();
        assert!(!trailers.contains_key("content-digest"));
        // HTTP/1.1 sends only those that were announced.
        assert!(wire.speak == Speak::Http1 || trailers.contains_key("x-rows"));
    }
}
