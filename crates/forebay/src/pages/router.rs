use super::bearer;
use crate::{Condition, DataPath, Health};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

/// `/health/live`, `/health/ready`, `/health/{part}` and `/metrics`.
pub(crate) fn router(data: DataPath) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/health/{part}", get(part))
        .route("/metrics", get(metrics))
        .with_state(data)
}

/// The process runs and its runtime answers: nothing else is asked, so that a lost database restarts nobody.
async fn live() -> Response {
    page(StatusCode::OK, "live\n")
}

async fn ready(State(data): State<DataPath>) -> Response {
    let health: Health = data.health();
    let status = if health.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    uncached((status, Json(health)).into_response())
}

async fn part(State(data): State<DataPath>, Path(name): Path<String>) -> Response {
    let health = data.health();
    let Some(part) = health.part(&name) else {
        let known: Vec<_> = health.parts.iter().map(|part| part.part).collect();
        return page(StatusCode::NOT_FOUND, format!("no such part; configured are: {}\n", known.join(", ")));
    };
    let status =
        if part.condition == Condition::Down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    uncached((status, Json(part)).into_response())
}

async fn metrics(State(data): State<DataPath>, headers: HeaderMap) -> Response {
    if !bearer::allows(data.metrics_token(), &headers) {
        let mut response = page(StatusCode::UNAUTHORIZED, "this page asks for a bearer token\n");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return response;
    }
    let mut response = page(StatusCode::OK, data.prometheus_text());
    // The text exposition format, version 0.0.4.
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn page(status: StatusCode, text: impl Into<String>) -> Response {
    uncached((status, text.into()).into_response())
}

/// What a page says is true now and not later.
fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
