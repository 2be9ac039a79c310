#[cfg(feature = "gzip")]
use super::flate::{Flate, Wrapper};
use super::pool::Pool;
use crate::Coding;
use bytes::Bytes;
use std::{fmt, thread::available_parallelism};

/// Pooled encoders for bodies that are known as a whole, by [`Coding::index`].
#[derive(Debug)]
pub(crate) struct Encoders([Pool<Box<dyn WholeEncoder>>; Coding::ALL.len()]);

/// An encoder for whole bodies that keeps its tables and its output buffer from one to the next.
pub(super) trait WholeEncoder: fmt::Debug + Send {
    /// Encodes a body in one call; `None` when the result would be longer than `limit`.
    fn encode(&mut self, level: u32, body: &[u8], limit: usize) -> Option<Bytes>;
}

/// Whether the encoded form may be longer than the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    /// Only a shorter form is of use.
    Refused,
    /// The client takes nothing but the encoded form.
    Allowed,
}

impl Encoders {
    pub(crate) fn new() -> Self {
        // As many as can be at work at once.
        let idle_max = available_parallelism().map_or(1, usize::from);
        Self(Coding::ALL.map(|_| Pool::new(idle_max)))
    }

    /// Encodes a whole body in one call; `None` when the result would be longer than `growth` allows.
    pub(crate) fn encode(&self, coding: Coding, level: u32, body: &[u8], growth: Growth) -> Option<Bytes> {
        let limit = match growth {
            Growth::Refused => body.len().saturating_sub(1),
            // All formats wrap what does not compress in stored blocks of at least 16 KiB.
            Growth::Allowed => body.len() + body.len() / 1024 + 64,
        };
        self.0[coding.index()]
            .with(|| whole_encoder(coding, level), |encoder| encoder.encode(level, body, limit))
    }
}

/// Encodes a body on an encoder of its own, whose tables are given back at once: at the highest levels they are too
/// large to be kept. `None` when the result would not be shorter.
pub(crate) fn encode_anew(coding: Coding, level: u32, body: &[u8]) -> Option<Bytes> {
    whole_encoder(coding, level).encode(level, body, body.len().saturating_sub(1))
}

fn whole_encoder(coding: Coding, level: u32) -> Box<dyn WholeEncoder> {
    match coding {
        #[cfg(feature = "brotli")]
        Coding::Brotli => Box::new(super::brotli::Brotli::default()),
        #[cfg(feature = "gzip")]
        Coding::Gzip => flate(Wrapper::Gzip, level),
        #[cfg(feature = "gzip")]
        Coding::Deflate => flate(Wrapper::Zlib, level),
        #[cfg(feature = "zstd")]
        Coding::Zstd => Box::new(super::zstd::Zstd::default()),
        #[cfg(not(all(feature = "brotli", feature = "gzip", feature = "zstd")))]
        _ => {
            let _ = level;
            Box::new(NotCompiled)
        }
    }
}

#[cfg(feature = "gzip")]
fn flate(wrapper: Wrapper, level: u32) -> Box<dyn WholeEncoder> {
    #[cfg(feature = "libdeflate")]
    if let Some(encoder) = super::libdeflate::Libdeflate::new(wrapper, level) {
        return Box::new(encoder);
    }
    Box::new(Flate::new(wrapper, level))
}

/// Stands for a coding this build lacks; no configuration that passed its check leads here.
#[cfg(not(all(feature = "brotli", feature = "gzip", feature = "zstd")))]
#[derive(Debug)]
struct NotCompiled;

#[cfg(not(all(feature = "brotli", feature = "gzip", feature = "zstd")))]
impl WholeEncoder for NotCompiled {
    fn encode(&mut self, _: u32, _: &[u8], _: usize) -> Option<Bytes> {
        None
    }
}

/// A buffer that grew beyond this is given back to the system after use.
#[cfg(any(feature = "brotli", feature = "gzip", feature = "zstd"))]
pub(super) const SCRATCH_BYTES_KEPT: usize = 1 << 20;
