use super::{
    flate::Wrapper,
    whole::{SCRATCH_BYTES_KEPT, WholeEncoder},
};
use bytes::Bytes;
use libdeflater::{CompressionLvl, Compressor};
use std::fmt;

/// Gzip or deflate by libdeflate, which takes only whole bodies and is the quickest there is for them.
pub(super) struct Libdeflate {
    wrapper: Wrapper,
    state: Compressor,
    level: u32,
    scratch: Vec<u8>,
}

impl Libdeflate {
    /// None when the library does not know the level.
    pub(super) fn new(wrapper: Wrapper, level: u32) -> Option<Self> {
        Some(Self { wrapper, state: compressor(level)?, level, scratch: Vec::new() })
    }
}

fn compressor(level: u32) -> Option<Compressor> {
    let level = CompressionLvl::new(i32::try_from(level).ok()?).ok()?;
    Some(Compressor::new(level))
}

impl WholeEncoder for Libdeflate {
    fn encode(&mut self, level: u32, body: &[u8], limit: usize) -> Option<Bytes> {
        if self.level != level {
            // Tables have another size at each level.
            self.state = compressor(level)?;
            self.level = level;
        }
        if self.scratch.len() < limit {
            self.scratch.resize(limit, 0);
        }
        let room = &mut self.scratch[..limit];
        let written = match self.wrapper {
            Wrapper::Gzip => self.state.gzip_compress(body, room),
            Wrapper::Zlib => self.state.zlib_compress(body, room),
        };
        let encoded = written.ok().map(|written| Bytes::copy_from_slice(&self.scratch[..written]));
        if self.scratch.len() > SCRATCH_BYTES_KEPT {
            self.scratch = Vec::new();
        }
        encoded
    }
}

impl fmt::Debug for Libdeflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Libdeflate")
            .field("wrapper", &self.wrapper)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}
