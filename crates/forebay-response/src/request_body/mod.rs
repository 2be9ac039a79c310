//! Bodies of requests that came encoded: decoded as they are read, within limits.

mod body;
#[cfg(feature = "brotli")]
mod brotli;
mod carry;
mod chain;
mod config;
mod error;
#[cfg(feature = "gzip")]
mod flate;
mod future;
mod layer;
#[cfg(any(feature = "brotli", feature = "gzip", feature = "zstd"))]
mod sink;
#[cfg(feature = "zstd")]
mod zstd;

pub use body::DecodedBody;
#[cfg(feature = "axum")]
pub use carry::AxumBodies;
pub use carry::{Carry, DecodedBodies};
pub(crate) use chain::decoded;
pub use config::RequestDecodingConfig;
pub use error::DecodeError;
pub use future::RequestDecodingFuture;
pub use layer::{RequestDecodingLayer, RequestDecodingService};
