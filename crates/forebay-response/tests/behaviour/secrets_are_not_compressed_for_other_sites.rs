use crate::{
    stage::{Answer, CODINGS, json, layer, noise, respond},
    wire::{Wire, wires},
};
use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use forebay_response::SecretAndReflected;
use http_body::Frame;
use http_body_util::StreamBody;
use std::{collections::HashSet, convert::Infallible};

async fn serve() -> [Wire; 2] {
    let page = async || respond(json(5_000), &[]).map(Body::new);
    let extension = async || (SecretAndReflected, respond(json(5_000), &[]).map(Body::new));
    let varied = async |query: axum::extract::RawQuery| respond(text(&query.0), &[]).map(Body::new);
    let streamed = async |query: axum::extract::RawQuery| {
        let lines = text(&query.0).chunks(1_000).map(Bytes::copy_from_slice).collect::<Vec<_>>();
        let frames = lines.into_iter().map(|line| Ok::<_, Infallible>(Frame::data(line)));
        Body::new(StreamBody::new(futures_util::stream::iter(frames)))
    };
    let html = [("content-type", "text/html")];
    let streamed = async move |query| (html, streamed(query).await);
    let routes = Router::new()
        .route("/unmarked", get(varied))
        .route("/stream", get(streamed).layer(SecretAndReflected))
        .route("/unmarked-stream", get(streamed))
        .route("/marked", get(page).layer(SecretAndReflected))
        .route("/extension", get(extension))
        .route("/varied", get(varied).layer(SecretAndReflected))
        .route("/noise", get(async || respond(noise(2_000), &[]).map(Body::new)).layer(SecretAndReflected))
        .route("/plain", get(page));
    wires(routes.layer(layer())).await
}

/// Text that ends in a query.
fn text(query: &Option<String>) -> Bytes {
    let query = query.as_deref().unwrap_or_default();
    format!("{}{query}", String::from_utf8_lossy(&json(5_000))).into()
}

async fn from(wire: Wire, path: &str, site: &str) -> Answer {
    wire.get(path, &[("accept-encoding", "gzip, br"), ("sec-fetch-site", site)]).await
}

#[tokio::test]
async fn only_requests_of_the_own_origin_get_compressed_bytes() {
    for wire in serve().await {
        for path in ["/marked", "/extension"] {
            for (site, coding) in
                [("same-origin", "gzip"), ("none", "gzip"), ("same-site", ""), ("cross-site", ""), ("", "")]
            {
                let answer = from(wire, path, site).await;
                assert_eq!(answer.header("content-encoding"), coding, "{path} {site}");
                assert_eq!(answer.header("vary"), "accept-encoding, sec-fetch-site");
                assert_eq!(answer.decoded(), json(5_000));
            }
            let silent = wire.get(path, &[("accept-encoding", "gzip")]).await;
            assert_eq!(silent.header("content-encoding"), "", "a browser that does not say");
        }
        let plain = from(wire, "/plain", "cross-site").await;
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("gzip", "accept-encoding"));
    }
}

/// Against the same content without the mark.
#[tokio::test]
async fn every_coding_is_padded_in_streams_as_well() {
    for wire in serve().await {
        for (coding, path, plain) in CODINGS
            .into_iter()
            .flat_map(|c| [(c, "/varied", "/unmarked"), (c, "/stream", "/unmarked-stream")])
        {
            let mut padding = HashSet::new();
            for seed in 10..30 {
                let asked = [("accept-encoding", coding), ("sec-fetch-site", "none")];
                let padded = wire.get(&format!("{path}?{seed}"), &asked).await;
                let unpadded = wire.get(&format!("{plain}?{seed}"), &asked).await;
                assert_eq!(
                    (padded.header("content-encoding"), padded.decoded()),
                    (coding, unpadded.decoded())
                );
                assert_eq!(padded.decoded(), text(&Some(seed.to_string())));
                padding.insert(padded.body.len() - unpadded.body.len());
            }
            assert!(padding.len() > 3, "{coding} {path}: {padding:?}");
        }
    }
}

#[tokio::test]
async fn lengths_say_less_and_tags_stay_true() {
    for wire in serve().await {
        let mut padding = HashSet::new();
        for seed in 10..30 {
            let path = format!("/varied?{seed}");
            let (first, again) = (from(wire, &path, "none").await, from(wire, &path, "none").await);
            assert_eq!(first.body, again.body, "asking again gives nothing away");
            assert_eq!(first.body[3], 16, "a gzip header with a comment");
            padding.insert(first.body[10..].iter().position(|&b| b == 0).expect("its end"));
        }
        assert!(padding.len() > 5, "{padding:?}");

        let sent = from(wire, "/marked", "same-origin").await;
        assert!(sent.header("etag").starts_with("W/\""), "the bytes are not those of the unmarked form");
        let known =
            [("if-none-match", sent.header("etag")), ("accept-encoding", "gzip"), ("sec-fetch-site", "none")];
        assert_eq!(wire.get("/marked", &known).await.status, 304);
        assert_eq!(sent.header("accept-ranges"), "");
        assert_eq!(from(wire, "/noise", "none").await.body, noise(2_000));
    }
}
