//! Turning bytes into fewer bytes: whole bodies on pooled encoders, streams through push encoders.

#[cfg(feature = "brotli")]
mod brotli;
#[cfg(feature = "brotli")]
mod brotli_memory;
#[cfg(feature = "gzip")]
mod flate;
mod jitter;
mod levels;
#[cfg(feature = "libdeflate")]
mod libdeflate;
mod pool;
mod push;
mod whole;
#[cfg(feature = "zstd")]
mod zstd;

pub(crate) use jitter::with_jitter;
pub use levels::{BrotliConfig, GzipConfig, ZstdConfig};
pub(crate) use levels::{Levels, Life};
pub(crate) use push::{PushEncoder, push_encoder};
pub(crate) use whole::{Encoders, Growth};
