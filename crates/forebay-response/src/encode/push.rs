#[cfg(feature = "gzip")]
use super::flate::{FlatePush, Wrapper};
use crate::Coding;

/// An encoder that is fed a stream piece by piece and appends what comes out.
pub(crate) trait PushEncoder: Send + Sync {
    /// Takes in data; what it becomes may stay inside for now.
    fn write(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str>;

    /// Lets out everything taken in so far, so that the client can decode it.
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str>;

    /// Adds so many bytes, or a few more, that mean nothing to whoever decodes them. To be called right after a flush
    /// that let something out.
    fn pad(&mut self, count: usize, out: &mut Vec<u8>) -> Result<(), &'static str>;

    /// Ends the stream. Nothing may be called afterwards.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str>;
}

/// A fresh encoder with a small window; `None` when this build cannot produce the coding.
pub(crate) fn push_encoder(coding: Coding, level: u32) -> Option<Box<dyn PushEncoder>> {
    match coding {
        #[cfg(feature = "brotli")]
        Coding::Brotli => Some(Box::new(super::brotli::BrotliPush::new(level))),
        #[cfg(feature = "gzip")]
        Coding::Gzip => Some(Box::new(FlatePush::new(Wrapper::Gzip, level))),
        #[cfg(feature = "gzip")]
        Coding::Deflate => Some(Box::new(FlatePush::new(Wrapper::Zlib, level))),
        #[cfg(feature = "zstd")]
        Coding::Zstd => Some(Box::new(super::zstd::ZstdPush::new(level)?)),
        #[cfg(not(all(feature = "brotli", feature = "gzip", feature = "zstd")))]
        _ => {
            let _ = level;
            None
        }
    }
}
