use super::{DecodeError, RequestDecodingConfig};
#[cfg(feature = "brotli")]
use std::io;

/// The ratio is not judged below this.
const JUDGED_FROM_BYTES: u64 = 64 << 10;

/// Takes what a decoder lets out, and counts it.
#[derive(Debug)]
pub(super) struct Sink {
    limits: RequestDecodingConfig,
    read: u64,
    written: u64,
    out: Vec<u8>,
    /// What was exceeded, kept for callers who only see an I/O error.
    #[cfg(feature = "brotli")]
    failed: Option<DecodeError>,
}

impl Sink {
    pub(super) fn new(limits: RequestDecodingConfig) -> Self {
        Self {
            limits,
            read: 0,
            written: 0,
            out: Vec::new(),
            #[cfg(feature = "brotli")]
            failed: None,
        }
    }

    /// Notes that so much is about to be decoded.
    pub(super) fn reads(&mut self, bytes: usize) {
        self.read += bytes as u64;
    }

    pub(super) fn is_unused(&self) -> bool {
        self.read == 0
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        self.written += bytes.len() as u64;
        let most = self.read.saturating_mul(self.limits.ratio_max.into()).max(JUDGED_FROM_BYTES);
        if self.written > self.limits.body_bytes_max {
            return Err(DecodeError::TooLarge { limit: self.limits.body_bytes_max });
        }
        if self.written > most {
            return Err(DecodeError::RatioTooHigh { limit: self.limits.ratio_max });
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    #[cfg(feature = "brotli")]
    pub(super) fn take_failure(&mut self) -> Option<DecodeError> {
        self.failed.take()
    }
}

#[cfg(feature = "brotli")]
impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.push(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                self.failed = Some(error.clone());
                Err(io::Error::other(error))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
