use crate::{
    stage::{Answer, json, layer, noise, respond},
    wire::{Wire, wires},
};
use axum::{Router, body::Body, routing::get};
use forebay_response::SecretAndReflected;
use std::collections::HashSet;

async fn serve() -> [Wire; 2] {
    let page = async || respond(json(5_000), &[]).map(Body::new);
    let extension = async || (SecretAndReflected, respond(json(5_000), &[]).map(Body::new));
    let varied = async |query: axum::extract::RawQuery| {
        let seed = query.0.and_then(|query| query.parse().ok()).unwrap_or(0_usize);
        let text = format!("{}{:02}", String::from_utf8_lossy(&json(5_000)), seed);
        respond(text.into(), &[]).map(Body::new)
    };
    let routes = Router::new()
        .route("/marked", get(page).layer(SecretAndReflected))
        .route("/extension", get(extension))
        .route("/varied", get(varied).layer(SecretAndReflected))
        .route("/noise", get(async || respond(noise(2_000), &[]).map(Body::new)).layer(SecretAndReflected))
        .route("/plain", get(page));
    wires(routes.layer(layer())).await
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
