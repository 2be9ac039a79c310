use super::{DecodeError, RequestDecodingConfig, chain::Stage, sink::Sink};
use brotli::DecompressorWriter;
use std::io::Write;

/// What one step writes at most.
const STEP_BYTES: usize = 8 << 10;
/// How a stream with a window beyond 16 MiB begins. The content coding has none (RFC 7932 section 9.1 leaves these
/// bits unused), and such a window is memory that a few bytes would claim.
const LARGE_WINDOW: u8 = 0x11;

/// Brotli (RFC 7932).
pub(super) struct Brotli {
    writer: DecompressorWriter<Sink>,
}

impl Brotli {
    pub(super) fn new(limits: RequestDecodingConfig) -> Self {
        Self { writer: DecompressorWriter::new(Sink::new(limits), STEP_BYTES) }
    }

    fn failure(&mut self, otherwise: DecodeError) -> DecodeError {
        self.writer.get_mut().take_failure().unwrap_or(otherwise)
    }
}

impl Stage for Brotli {
    fn write(&mut self, data: &[u8]) -> Result<(), DecodeError> {
        let Some(first) = data.first() else { return Ok(()) };
        let sink = self.writer.get_mut();
        if sink.is_unused() && first & 0x7f == LARGE_WINDOW {
            return Err(DecodeError::Malformed);
        }
        sink.reads(data.len());
        match self.writer.write(data) {
            Ok(taken) if taken == data.len() => Ok(()),
            // Something follows the end.
            Ok(_) => Err(DecodeError::Malformed),
            Err(_) => Err(self.failure(DecodeError::Malformed)),
        }
    }

    fn finish(&mut self) -> Result<(), DecodeError> {
        if self.writer.get_ref().is_unused() {
            return Ok(());
        }
        self.writer.close().map_err(|_| self.failure(DecodeError::Truncated))
    }

    fn take(&mut self) -> Vec<u8> {
        self.writer.get_mut().take()
    }
}
