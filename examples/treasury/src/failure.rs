use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// There is no such account.
    #[error("no such account")]
    NoAccount,
    /// The request asks for something that cannot be.
    #[error("{0}")]
    BadRequest(&'static str),
    /// The database said no.
    #[error("the database failed")]
    Database(#[from] tokio_postgres::Error),
    /// No connection to the database could be had.
    #[error("no database connection")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The pool of forebay could not have it done.
    #[error(transparent)]
    Pool(#[from] forebay::pool::PoolError),
    /// Another request's load failed, and this one had waited for it.
    #[error(transparent)]
    Load(#[from] forebay::cache::LoadFailed),
    /// The answer could not be written as JSON.
    #[error("the answer could not be encoded")]
    Encode(#[from] serde_json::Error),
}

impl Failure {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NoAccount => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Connection(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) | Self::Pool(_) | Self::Load(_) | Self::Encode(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status(), Json(serde_json::json!({ "error": self.to_string() }))).into_response()
    }
}
