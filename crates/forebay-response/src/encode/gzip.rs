use super::{
    push::PushEncoder,
    whole::{SCRATCH_BYTES_KEPT, WholeEncoder},
};
use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};

/// The widest window the format has.
const WINDOW_BITS: u8 = 15;
/// A 4 KiB window for streams: ten thousand open streams must not cost gigabytes.
const STREAM_WINDOW_BITS: u8 = 12;

/// An encoder whose tables and output buffer live on between bodies.
#[derive(Debug)]
pub(super) struct Gzip {
    state: Compress,
    level: u32,
    scratch: Vec<u8>,
}

impl Gzip {
    pub(super) fn new(level: u32) -> Self {
        let state = Compress::new_gzip(Compression::new(level), WINDOW_BITS);
        Self { state, level, scratch: Vec::new() }
    }

    /// Whether everything fitted into the buffer.
    fn run(&mut self, body: &[u8]) -> bool {
        let mut consumed = 0;
        loop {
            let before = (consumed, self.scratch.len());
            let status = self.state.compress_vec(&body[consumed..], &mut self.scratch, FlushCompress::Finish);
            consumed = usize::try_from(self.state.total_in()).unwrap_or(body.len()).min(body.len());
            match status {
                Ok(Status::StreamEnd) => return true,
                Ok(_) if before != (consumed, self.scratch.len()) => {}
                _ => return false,
            }
        }
    }
}

impl WholeEncoder for Gzip {
    fn encode(&mut self, level: u32, body: &[u8], limit: usize) -> Option<Bytes> {
        self.state.reset();
        if self.level != level {
            self.state.set_level(Compression::new(level)).ok()?;
            self.level = level;
        }
        self.scratch.clear();
        self.scratch.reserve(limit);
        let ended = self.run(body);
        let encoded = (ended && self.scratch.len() <= limit).then(|| Bytes::copy_from_slice(&self.scratch));
        if self.scratch.capacity() > SCRATCH_BYTES_KEPT {
            self.scratch = Vec::new();
        }
        encoded
    }
}

/// Gzip for a stream.
pub(super) struct GzipPush(Compress);

impl GzipPush {
    pub(super) fn new(level: u32) -> Self {
        Self(Compress::new_gzip(Compression::new(level), STREAM_WINDOW_BITS))
    }

    fn run(&mut self, mut data: &[u8], out: &mut Vec<u8>, flush: FlushCompress) -> Result<(), &'static str> {
        loop {
            out.reserve(data.len() / 2 + 256);
            let (taken, room) = (self.0.total_in(), out.capacity());
            let status = self.0.compress_vec(data, out, flush).map_err(|_| FAILED)?;
            let taken = usize::try_from(self.0.total_in() - taken).map_err(|_| FAILED)?;
            data = &data[taken..];
            // Room that is left over means that there is nothing more to write.
            if status == Status::StreamEnd || (data.is_empty() && out.len() < room) {
                return Ok(());
            }
        }
    }
}

const FAILED: &str = "gzip encoder failed";

impl PushEncoder for GzipPush {
    fn write(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.run(data, out, FlushCompress::None)
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.run(&[], out, FlushCompress::Sync)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.run(&[], out, FlushCompress::Finish)
    }
}
