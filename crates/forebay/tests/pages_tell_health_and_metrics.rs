//! The router of feature `axum`.
#![cfg(feature = "axum")]

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use forebay::{DataPath, cache::Cache, config::Environment};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

async fn data(variables: &[(&str, &str)]) -> DataPath {
    let environment = variables.iter().copied().collect::<Environment>();
    DataPath::builder().environment(environment).build().await.expect("memory only")
}

async fn get(data: &DataPath, path: &str, token: Option<&str>) -> (StatusCode, String) {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let response =
        data.router().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    assert!(path == "/nowhere" || response.headers()[header::CACHE_CONTROL] == "no-store");
    let status = response.status();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

#[tokio::test]
async fn live_stays_while_ready_goes_when_draining() {
    let data = data(&[]).await;
    assert_eq!(get(&data, "/health/live", None).await.0, StatusCode::OK);
    let (status, body) = get(&data, "/health/ready", None).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"ready":true,"parts":[]}"#));

    data.shutdown().await;
    assert_eq!(get(&data, "/health/ready", None).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&data, "/health/live", None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_part_is_not_found() {
    let data = data(&[]).await;
    assert_eq!(get(&data, "/health/postgres", None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn metrics_show_what_a_cache_did() {
    let data = data(&[]).await;
    let users: Cache<u64, u64> = data.cache("users").build().unwrap();
    users.get_or_load(&1, async || 1_u64).await;
    users.get_or_load(&1, async || 1_u64).await;
    let (status, text) = get(&data, "/metrics", None).await;
    assert_eq!(status, StatusCode::OK);
    let hits = text.lines().find(|line| line.starts_with("forebay_cache_hits_total{"));
    assert!(hits.is_some_and(|line| line.contains(r#"cache="users""#) && line.ends_with(" 1")), "{text}");
}

#[tokio::test]
async fn metrics_ask_for_the_configured_token() {
    let data = data(&[("FOREBAY_METRICS_BEARER_TOKEN", "s3cret")]).await;
    assert_eq!(get(&data, "/metrics", None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&data, "/metrics", Some("wrong")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&data, "/metrics", Some("s3cret")).await.0, StatusCode::OK);
}
