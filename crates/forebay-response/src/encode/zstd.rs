use super::{
    push::PushEncoder,
    whole::{SCRATCH_BYTES_KEPT, WholeEncoder},
};
use bytes::Bytes;
use std::fmt;
use zstd::{
    bulk::Compressor,
    stream::raw::{CParameter, Encoder, InBuffer, Operation, OutBuffer},
    zstd_safe::compress_bound,
};

/// A window of 32 KiB for streams, and tables to match: ten thousand open streams must not cost gigabytes.
const STREAM_WINDOW_BITS: u32 = 15;
/// The logarithm of the number of entries in each table of a stream's encoder.
const STREAM_TABLE_BITS: u32 = 14;
/// The most that is added to a stream's output at once.
const STREAM_STEP_BYTES: usize = 4 << 10;

/// A raw block without content that is not the last one (RFC 8878 section 3.1.1.2).
const EMPTY_RAW_BLOCK: [u8; 3] = [0; 3];

/// The level that is used for one response, which is tuned for short bodies.
const TUNED_LEVEL: u32 = 3;
/// Up to this length a body is short: the library's own table for the level has other lengths in mind.
const SHORT_BYTES: usize = 128 << 10;

/// An encoder whose tables and output buffer live on between bodies.
#[derive(Default)]
pub(super) struct Zstd {
    state: Compressor<'static>,
    /// What the state is set to.
    set: Option<Settings>,
    scratch: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Settings {
    level: u32,
    tuned: bool,
}

impl Settings {
    fn apply(self, state: &mut Compressor<'static>) -> std::io::Result<()> {
        // Levels up to 19 have windows of at most 8 MiB, the most a client must support (RFC 9659); the library
        // sizes window and tables down to the body, whose length it knows.
        state.set_compression_level(i32::try_from(self.level).map_err(std::io::Error::other)?)?;
        // Matches of five bytes and more, in tables that stay in the processor's nearest cache: sooner, and no longer than
        // the level's own choice, as what is shorter than that costs as much as it saves. 0 is that choice.
        let [shortest, long_table, short_table] = if self.tuned { [5, 13, 12] } else { [0; 3] };
        state.set_parameter(CParameter::MinMatch(shortest))?;
        state.set_parameter(CParameter::HashLog(long_table))?;
        state.set_parameter(CParameter::ChainLog(short_table))
    }
}

impl WholeEncoder for Zstd {
    fn encode(&mut self, level: u32, body: &[u8], limit: usize) -> Option<Bytes> {
        let settings = Settings { level, tuned: level == TUNED_LEVEL && body.len() <= SHORT_BYTES };
        if self.set != Some(settings) {
            self.set = None;
            settings.apply(&mut self.state).ok()?;
            self.set = Some(settings);
        }
        self.scratch.clear();
        // With room for the worst case it writes straight to the output.
        self.scratch.reserve(compress_bound(body.len()));
        let ended = self.state.compress_to_buffer(body, &mut self.scratch).is_ok();
        let encoded = (ended && self.scratch.len() <= limit).then(|| Bytes::copy_from_slice(&self.scratch));
        if self.scratch.capacity() > SCRATCH_BYTES_KEPT {
            self.scratch = Vec::new();
        }
        encoded
    }
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd").field("set", &self.set).finish_non_exhaustive()
    }
}

/// Zstandard for a stream.
pub(super) struct ZstdPush(Encoder<'static>);

impl ZstdPush {
    /// None when the library refuses a parameter, which it does not for those here.
    pub(super) fn new(level: u32) -> Option<Self> {
        let mut encoder = Encoder::new(i32::try_from(level).ok()?).ok()?;
        encoder.set_parameter(CParameter::WindowLog(STREAM_WINDOW_BITS)).ok()?;
        encoder.set_parameter(CParameter::HashLog(STREAM_TABLE_BITS)).ok()?;
        encoder.set_parameter(CParameter::ChainLog(STREAM_TABLE_BITS)).ok()?;
        Some(Self(encoder))
    }

    /// Calls `step` with more room until it says that nothing is left inside.
    fn drain(
        &mut self,
        out: &mut Vec<u8>,
        mut step: impl FnMut(&mut Encoder<'static>, &mut OutBuffer<'_, Vec<u8>>) -> std::io::Result<bool>,
    ) -> Result<(), &'static str> {
        loop {
            out.reserve(STREAM_STEP_BYTES);
            let at = out.len();
            let mut room = OutBuffer::around_pos(out, at);
            if step(&mut self.0, &mut room).map_err(|_| "zstd encoder failed")? {
                return Ok(());
            }
        }
    }
}

impl PushEncoder for ZstdPush {
    fn write(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
        let mut input = InBuffer::around(data);
        self.drain(out, |encoder, room| {
            encoder.run(&mut input, room)?;
            Ok(input.pos() == data.len())
        })
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.drain(out, |encoder, room| Ok(encoder.flush(room)? == 0))
    }

    fn pad(&mut self, count: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
        // A flush ends between blocks.
        out.extend(EMPTY_RAW_BLOCK.repeat(count.div_ceil(EMPTY_RAW_BLOCK.len())));
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.drain(out, |encoder, room| Ok(encoder.finish(room, true)? == 0))
    }
}
