//! The router with health and metrics pages (feature `axum`).

mod bearer;
mod router;

pub(crate) use router::router;
