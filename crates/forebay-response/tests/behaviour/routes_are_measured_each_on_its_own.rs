//! By the route that was matched, within a bound, and never by the path of a request.

use crate::{
    stage::{boxed, json, measured, respond},
    wire::{BOTH, Wire, listen},
};
use axum::{Router, extract::MatchedPath, routing};
use forebay_response::ResponseConfig;
use http::Method;

#[tokio::test]
async fn sizes_and_forms_are_told_by_route() {
    let (builder, counts) = measured();
    let config = ResponseConfig { routes_max: 2, ..ResponseConfig::default() };
    let layer = builder.config(config).route(|request| Some(request.get::<MatchedPath>()?.as_str()));
    let layer = layer.build().expect("valid");
    let page = || routing::get(async || boxed(respond(json(9_000), &[("etag", "\"v1\"")])));
    let routes = Router::new()
        .route("/users/{id}", page())
        .route("/orders/{id}", page())
        .route("/third/{id}", page())
        .fallback(async || boxed(respond(json(9_000), &[])))
        .layer(layer);
    let at = listen(routes).await;
    let gzip = ("accept-encoding", "gzip");
    for speak in BOTH {
        let wire = Wire { at, speak };
        for path in ["/users/1", "/users/2?a=b", "/orders/3", "/third/4", "/nowhere"] {
            wire.ask(Method::GET, path, &[gzip], "").await;
        }
        wire.ask(Method::GET, "/users/1", &[("if-none-match", "\"v1\"")], "").await;
        let seen = counts.since_last_look();
        let payloads = |route: &str| seen(&format!("forebay_response_payload_bytes {route}"));
        assert_eq!((payloads("/users/{id}"), payloads("/orders/{id}")), (2, 1), "a 304 sends none");
        assert_eq!((payloads("other"), payloads("unmatched")), (1, 1));
        assert_eq!(payloads("/users/1"), 0);
        let sent = seen("forebay_response_route_sent_bytes_total /users/{id}");
        assert!(sent > 0 && sent < 18_000, "{sent}");
        assert_eq!(seen("forebay_response_route_answers_total not_modified"), 1);
        assert_eq!(seen("forebay_response_route_answers_total whole"), 5);
    }
}
