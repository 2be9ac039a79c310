//! Mistakes that were reproduced in other servers and layers, one test each: it fails on what they do.

use crate::{
    stage::{Answer, json, layer, noise, respond},
    wire::{Wire, wires},
};
use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use std::{convert::Infallible, task::Poll};

fn answer(body: Bytes, headers: &[(&str, &str)]) -> Response<Body> {
    respond(body, headers).map(Body::new)
}

async fn serve() -> [Wire; 2] {
    let tagged =
        [("etag", "\"v1\""), ("cache-control", "public, max-age=60"), ("content-digest", "sha-256=:AAAA:")];
    let routes = Router::new()
        .route("/", get(async || answer(json(5_000), &[])))
        .route("/tagged", get(async move || answer(json(5_000), &tagged)))
        .route("/hinted", get(async || answer(json(5_000), &[("vary", "x-accept-encoding-hint")])))
        .route("/everything", get(async || answer(json(5_000), &[("vary", "*")])))
        .route("/archive", get(async || answer(json(5_000), &[("content-type", "application/zip")])))
        .route("/short", get(async || answer(json(35), &[])))
        .route("/noise", get(async || answer(noise(5_000), &[])))
        .route("/fixed", get(async || answer(json(5_000), &[("cache-control", "no-transform")])))
        .route("/encoded", get(async || answer(json(5_000), &[("content-encoding", "x-own")])))
        .route(
            "/part",
            get(async || {
                (
                    StatusCode::PARTIAL_CONTENT,
                    [("content-range", "bytes 0-4999/9000")],
                    answer(json(5_000), &[]),
                )
            }),
        )
        .route("/brittle", get(brittle));
    wires(routes.layer(layer())).await
}

/// A stream that must not be polled again after its end.
async fn brittle() -> Response<Body> {
    let mut frames = [Some(Frame::data(json(5_000))), None].into_iter();
    let stream = futures_util::stream::poll_fn(move |_| {
        Poll::Ready(frames.next().expect("not polled after its end").map(Ok::<_, Infallible>))
    });
    answer(json(2), &[]).map(|_| Body::new(StreamBody::new(stream)))
}

async fn gzip(wire: Wire, path: &str) -> Answer {
    wire.get(path, &[("accept-encoding", "gzip")]).await
}

/// tower-http 0.7 turns `identity;q=0` into a 406 that keeps body, tag and freshness.
#[tokio::test]
async fn nothing_acceptable_is_no_reason_to_refuse() {
    for wire in serve().await {
        for refusal in ["identity;q=0", "*;q=0", "br;q=0, gzip;q=0, *;q=0", "compress, identity;q=0"] {
            for path in ["/", "/tagged", "/encoded"] {
                let answer = wire.get(path, &[("accept-encoding", refusal)]).await;
                assert_eq!((answer.status, answer.body), (StatusCode::OK, json(5_000).to_vec()), "{refusal}");
            }
        }
    }
}

/// pingora takes the client's first token and h2o knows no weights.
#[tokio::test]
async fn weights_are_read_and_the_server_ranks() {
    for wire in serve().await {
        for (accepts, coding) in [
            ("br;q=0, gzip;q=0.001", "gzip"),
            ("gzip;q=0", ""),
            ("deflate, br;q=0.2", "br"),
            ("br, gzip;q=0.1", "gzip"),
            ("*", "zstd"),
            ("gzip;q=0, *;q=0.5", "zstd"),
            ("X-GZIP", "gzip"),
            ("identity", ""),
            ("gzip;q=2", ""),
            ("gzip;quality=1", ""),
            ("gzip, @", ""),
            (", ,gzip,,", "gzip"),
            ("", ""),
        ] {
            let answer = wire.get("/", &[("accept-encoding", accepts)]).await;
            assert_eq!(
                (answer.status, answer.header("content-encoding")),
                (StatusCode::OK, coding),
                "{accepts}"
            );
            assert_eq!(answer.decoded(), json(5_000), "{accepts}");
        }
        let lines = [("accept-encoding", "identity"), ("accept-encoding", "br")];
        assert_eq!(wire.get("/", &lines).await.header("content-encoding"), "br", "lines are one list");
    }
}

/// nginx says `Vary` only when told to (`gzip_vary`), actix only when it encodes.
#[tokio::test]
async fn vary_is_said_with_the_plain_form_too() {
    for wire in serve().await {
        for headers in [&[][..], &[("accept-encoding", "gzip")][..]] {
            for path in ["/", "/short", "/noise", "/tagged", "/part"] {
                assert_eq!(wire.get(path, headers).await.header("vary"), "accept-encoding", "{path}");
            }
        }
        let tag = wire.get("/", &[]).await.header("etag").to_owned();
        assert_eq!(wire.get("/", &[("if-none-match", &tag)]).await.header("vary"), "accept-encoding");
    }
}

/// tower-http looks for a piece of text, so a longer name hides ours.
#[tokio::test]
async fn vary_is_merged_by_whole_names() {
    for wire in serve().await {
        assert_eq!(gzip(wire, "/hinted").await.header("vary"), "x-accept-encoding-hint, accept-encoding");
        assert_eq!(gzip(wire, "/everything").await.header("vary"), "*");
    }
}

/// tower-http and actix have deny lists, on which archives are not.
#[tokio::test]
async fn archives_are_not_encoded_again() {
    for wire in serve().await {
        let archive = gzip(wire, "/archive").await;
        assert_eq!((archive.header("content-encoding"), archive.header("vary")), ("", ""));
    }
}

/// tower-http makes 40 bytes out of 35; actix has no least length at all.
#[tokio::test]
async fn no_body_grows() {
    for wire in serve().await {
        assert_eq!(
            (gzip(wire, "/short").await.body, gzip(wire, "/noise").await.body),
            (json(35).to_vec(), noise(5_000).to_vec())
        );
    }
}

/// tower-http encodes it.
#[tokio::test]
async fn no_transform_is_honoured() {
    for wire in serve().await {
        assert_eq!(gzip(wire, "/fixed").await.body, json(5_000));
        let asked = [("accept-encoding", "gzip"), ("cache-control", "no-transform")];
        assert_eq!(wire.get("/", &asked).await.body, json(5_000));
    }
}

/// tower-http and actix leave the strong tag of the plain body, and tower-http its digest, on encoded bytes.
#[tokio::test]
async fn tags_and_digests_are_of_the_bytes_sent() {
    for wire in serve().await {
        let (plain, encoded) = (wire.get("/tagged", &[]).await, gzip(wire, "/tagged").await);
        assert_eq!((plain.header("etag"), encoded.header("content-encoding")), ("\"v1\"", "gzip"));
        assert_ne!(encoded.header("etag"), "\"v1\"");
        assert_eq!(
            (plain.header("content-digest"), encoded.header("content-digest")),
            ("sha-256=:AAAA:", "")
        );
    }
}

/// tower-http 0.7 polls a stream once more after its end and panics where it is not fused.
#[tokio::test]
async fn a_stream_is_not_polled_after_its_end() {
    for wire in serve().await {
        assert_eq!(gzip(wire, "/brittle").await.decoded(), json(5_000));
        assert_eq!(wire.get("/brittle", &[]).await.body, json(5_000));
    }
}

/// What is encoded or partial already stays what it is.
#[tokio::test]
async fn nothing_is_encoded_twice_and_no_part_is() {
    for wire in serve().await {
        let encoded = gzip(wire, "/encoded").await;
        assert_eq!(encoded.header("content-encoding"), "x-own");
        assert_eq!(encoded.body, json(5_000));
        let part = gzip(wire, "/part").await;
        assert_eq!((part.status, part.header("content-encoding")), (StatusCode::PARTIAL_CONTENT, ""));
        assert_eq!(part.body, json(5_000));
    }
}
