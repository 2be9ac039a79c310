use crate::{
    Failure,
    page::{Cursor, PageKey},
    stats::Stats,
    store::Store,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;

/// The version of the account an answer shows, so that a reader can tell how fresh it is without parsing it.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-account-version");

/// The largest payment, in cents.
const PAYMENT_CENTS_MAX: i64 = 100_000_000;
/// The longest memo, in bytes.
const MEMO_BYTES_MAX: usize = 140;
/// The longest search text, in bytes.
const QUERY_BYTES_MAX: usize = 60;

/// The value of a `Link` header that names the next page.
pub(crate) fn next_link(path: &str) -> String {
    format!("<{path}>; rel=\"next\"")
}

/// The service's routes over either store.
pub(crate) fn router<S: Store>(store: S) -> Router {
    Router::new()
        .route("/accounts/{id}/dashboard", get(dashboard::<S>))
        .route("/accounts/{id}/portfolio", get(portfolio::<S>))
        .route("/accounts/{id}/ledger", get(ledger::<S>))
        .route("/accounts/{id}/payments", post(pay::<S>))
        .route("/search", get(search::<S>))
        .route("/_stats", get(stats::<S>))
        .with_state(store)
}

async fn dashboard<S: Store>(State(store): State<S>, Path(id): Path<i64>) -> Result<Response, Failure> {
    store.answer(PageKey::Dashboard(id)).await
}

async fn portfolio<S: Store>(State(store): State<S>, Path(id): Path<i64>) -> Result<Response, Failure> {
    store.answer(PageKey::Portfolio(id)).await
}

#[derive(Debug, Deserialize)]
struct After {
    after: Option<String>,
}

async fn ledger<S: Store>(
    State(store): State<S>,
    Path(id): Path<i64>,
    Query(After { after }): Query<After>,
) -> Result<Response, Failure> {
    let after = after.map(|text| text.parse::<Cursor>()).transpose();
    let after = after.map_err(|_| Failure::BadRequest("not a cursor of this ledger"))?;
    store.answer(PageKey::Ledger(id, after)).await
}

#[derive(Debug, Deserialize)]
struct Asked {
    q: String,
}

async fn search<S: Store>(
    State(store): State<S>,
    Query(Asked { q }): Query<Asked>,
) -> Result<Response, Failure> {
    if q.is_empty() || q.len() > QUERY_BYTES_MAX || q.contains('\0') {
        return Err(Failure::BadRequest("q must be 1 to 60 bytes of text"));
    }
    store.answer(PageKey::Search(q)).await
}

#[derive(Debug, Deserialize)]
struct NewPayment {
    amount_cents: i64,
    memo: String,
}

async fn pay<S: Store>(
    State(store): State<S>,
    Path(id): Path<i64>,
    Json(payment): Json<NewPayment>,
) -> Result<Response, Failure> {
    if !(1..=PAYMENT_CENTS_MAX).contains(&payment.amount_cents) {
        return Err(Failure::BadRequest("amount_cents must be 1 to 100,000,000"));
    }
    if payment.memo.len() > MEMO_BYTES_MAX || payment.memo.contains('\0') {
        return Err(Failure::BadRequest("memo must be at most 140 bytes of text"));
    }
    let receipt = store.pay(id, payment.amount_cents, &payment.memo).await?;
    Ok((StatusCode::CREATED, [(VERSION, receipt.version.to_string())], Json(receipt)).into_response())
}

async fn stats<S: Store>(State(store): State<S>) -> Json<Stats> {
    Json(store.stats())
}
