use super::{DecodeError, RequestDecodingConfig, chain::Stage, sink::Sink};
use std::fmt;
use zstd::stream::raw::{DParameter, Decoder, Operation};

/// What one step writes at most.
const STEP_BYTES: usize = 8 << 10;
/// Windows up to 8 MiB, what the content coding may ask for (RFC 9659 section 3).
const WINDOW_BITS_MAX: u32 = 23;

/// Zstandard (RFC 8878), whose frames may follow each other.
pub(super) struct Zstd {
    /// None when the library could not make one.
    state: Option<Decoder<'static>>,
    /// Whether a frame has ended and none has begun since.
    ended: bool,
    sink: Sink,
}

impl Zstd {
    pub(super) fn new(limits: RequestDecodingConfig) -> Self {
        let state = Decoder::new().and_then(|mut state| {
            state.set_parameter(DParameter::WindowLogMax(WINDOW_BITS_MAX))?;
            Ok(state)
        });
        Self { state: state.ok(), ended: false, sink: Sink::new(limits) }
    }
}

impl Stage for Zstd {
    fn write(&mut self, mut data: &[u8]) -> Result<(), DecodeError> {
        self.sink.reads(data.len());
        let Some(state) = &mut self.state else { return Err(DecodeError::Unsupported) };
        let mut more = false;
        while more || !data.is_empty() {
            let mut room = [0; STEP_BYTES];
            let step = state.run_on_buffers(data, &mut room).map_err(|_| DecodeError::Malformed)?;
            self.sink.push(&room[..step.bytes_written])?;
            self.ended = step.remaining == 0;
            if step.bytes_read == 0 && step.bytes_written == 0 {
                // With nothing left to read it asked in vain for more; with something, it is stuck.
                return if data.is_empty() { Ok(()) } else { Err(DecodeError::Malformed) };
            }
            data = &data[step.bytes_read..];
            more = step.bytes_written == room.len() && !self.ended;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), DecodeError> {
        if self.ended || self.sink.is_unused() { Ok(()) } else { Err(DecodeError::Truncated) }
    }

    fn take(&mut self) -> Vec<u8> {
        self.sink.take()
    }
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd").field("ended", &self.ended).finish_non_exhaustive()
    }
}
