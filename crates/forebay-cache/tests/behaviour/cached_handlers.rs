//! `#[cached]` on an axum handler: extractors give the key, the response type is what is kept.

#![cfg(feature = "macros")]

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{Request, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use forebay_cache::{Cache, LoadFailed, Tag, cached};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tower::ServiceExt;

#[derive(Clone)]
struct App {
    pages: Cache<u32, String>,
    loads: Arc<AtomicU32>,
}

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("no such page")]
    Missing,
    #[error(transparent)]
    Load(#[from] LoadFailed),
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Load(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, self.to_string()).into_response()
    }
}

#[cached(cache = app.pages, key = id, tags = [Tag::of("page", id)])]
async fn show(State(app): State<App>, Path(id): Path<u32>) -> Result<String, AppError> {
    app.loads.fetch_add(1, Ordering::SeqCst);
    if id == 404 {
        return Err(AppError::Missing);
    }
    tokio::task::yield_now().await;
    Ok(format!("page {id}"))
}

async fn ask(routes: &Router, path: &str) -> (StatusCode, String) {
    let request = Request::builder().uri(path).body(Body::empty()).expect("a valid request");
    let response = routes.clone().oneshot(request).await.expect("a router does not fail");
    let status = response.status();
    let body = to_bytes(response.into_body(), 1024).await.expect("a short body");
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_handler_is_answered_by_the_cache() {
    let pages = Cache::builder("pages").build().expect("valid settings");
    let app = App { pages, loads: Arc::default() };
    let routes = Router::new().route("/pages/{id}", get(show)).with_state(app.clone());

    for _ in 0..3 {
        assert_eq!(ask(&routes, "/pages/7").await, (StatusCode::OK, "page 7".to_owned()));
        assert_eq!(ask(&routes, "/pages/404").await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(app.loads.load(Ordering::SeqCst), 1 + 3, "errors are not kept");

    app.pages.invalidate_tag(&Tag::of("page", 7)).await;
    ask(&routes, "/pages/7").await;
    assert_eq!(app.loads.load(Ordering::SeqCst), 5);
}
