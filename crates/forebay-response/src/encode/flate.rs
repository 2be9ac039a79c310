use super::{
    jitter::EMPTY_STORED_BLOCK,
    push::PushEncoder,
    whole::{SCRATCH_BYTES_KEPT, WholeEncoder},
};
use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};

/// The widest window the format has. The encoder's own tables do not depend on it, so a narrower one for a short
/// body would save nothing.
const WINDOW_BITS: u8 = 15;
/// A 4 KiB window for streams: ten thousand open streams must not cost gigabytes.
const STREAM_WINDOW_BITS: u8 = 12;

/// What is put around the deflate format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapper {
    /// RFC 1952: what HTTP calls `gzip`.
    Gzip,
    /// RFC 1950: what HTTP calls `deflate`.
    Zlib,
}

impl Wrapper {
    fn encoder(self, level: u32, window_bits: u8) -> Compress {
        match self {
            Self::Gzip => Compress::new_gzip(Compression::new(level), window_bits),
            Self::Zlib => Compress::new_with_window_bits(Compression::new(level), true, window_bits),
        }
    }
}

/// An encoder whose tables and output buffer live on between bodies.
#[derive(Debug)]
pub(super) struct Flate {
    state: Compress,
    level: u32,
    scratch: Vec<u8>,
}

impl Flate {
    pub(super) fn new(wrapper: Wrapper, level: u32) -> Self {
        Self { state: wrapper.encoder(level, WINDOW_BITS), level, scratch: Vec::new() }
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

impl WholeEncoder for Flate {
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

/// Gzip or deflate for a stream.
pub(super) struct FlatePush(Compress);

impl FlatePush {
    pub(super) fn new(wrapper: Wrapper, level: u32) -> Self {
        Self(wrapper.encoder(level, STREAM_WINDOW_BITS))
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

const FAILED: &str = "deflate encoder failed";

impl PushEncoder for FlatePush {
    fn write(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.run(data, out, FlushCompress::None)
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.run(&[], out, FlushCompress::Sync)
    }

    fn pad(&mut self, count: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
        // A sync flush ends at a byte, between blocks.
        out.extend(EMPTY_STORED_BLOCK.repeat(count.div_ceil(EMPTY_STORED_BLOCK.len())));
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.run(&[], out, FlushCompress::Finish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Here because a build with libdeflate uses this encoder for streams alone.
    #[test]
    fn whole_bodies_come_back_at_every_level() {
        let text = "{\"id\":1,\"name\":\"a customer\"},".repeat(400);
        for wrapper in [Wrapper::Gzip, Wrapper::Zlib] {
            let mut encoder = Flate::new(wrapper, 1);
            for level in 1..=9 {
                for body in [text.as_bytes(), &text.as_bytes()[..1_000]] {
                    let encoded = encoder.encode(level, body, body.len()).expect("it shrinks");
                    let mut plain = Vec::new();
                    match wrapper {
                        Wrapper::Gzip => flate2::read::GzDecoder::new(&encoded[..]).read_to_end(&mut plain),
                        Wrapper::Zlib => flate2::read::ZlibDecoder::new(&encoded[..]).read_to_end(&mut plain),
                    }
                    .expect("decoded");
                    assert_eq!(plain, body);
                    assert!(encoder.encode(level, body, encoded.len() - 1).is_none(), "longer than allowed");
                }
            }
        }
    }
}
