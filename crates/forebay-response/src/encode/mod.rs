//! Turning bytes into fewer bytes: whole bodies on pooled encoders, streams through push encoders.

#[cfg(feature = "brotli")]
mod brotli;
#[cfg(feature = "brotli")]
mod brotli_memory;
mod budget;
mod clock;
#[cfg(feature = "gzip")]
mod flate;
mod hot;
mod jitter;
mod learn;
mod levels;
#[cfg(feature = "libdeflate")]
mod libdeflate;
mod pool;
mod push;
mod whole;
#[cfg(feature = "zstd")]
mod zstd;

pub use budget::BudgetConfig;
pub(crate) use budget::{Budget, Pressure};
pub(crate) use clock::Clock;
pub use hot::HotConfig;
pub(crate) use hot::Upgrades;
pub(crate) use jitter::{encode_padded, padding, sum_of};
pub use learn::LearnConfig;
pub(crate) use learn::{KindKey, Learned, START_BYTES, route_of};
pub use levels::{BrotliConfig, GzipConfig, ZstdConfig};
pub(crate) use levels::{Levels, Life};
pub(crate) use push::{PushEncoder, push_encoder};
pub(crate) use whole::{Encoders, Growth, encode_anew};
