//! Turning bytes into fewer bytes: whole bodies on pooled encoders, streams through push encoders.

#[cfg(feature = "brotli")]
mod brotli;
#[cfg(feature = "brotli")]
mod brotli_memory;
#[cfg(feature = "gzip")]
mod gzip;
mod jitter;
mod pool;
mod push;
mod whole;

pub(crate) use jitter::with_jitter;
pub(crate) use push::{PushEncoder, push_encoder};
pub(crate) use whole::{Encoders, Growth};
