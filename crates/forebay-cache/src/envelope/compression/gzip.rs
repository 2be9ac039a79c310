use super::read_exactly;
use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};
use std::io::Write;

const LEVEL: u32 = 6;

pub(super) fn pack(payload: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(payload.len() / 2), Compression::new(LEVEL));
    encoder.write_all(payload).ok()?;
    encoder.finish().ok()
}

pub(super) fn unpack(payload: &[u8], unpacked: usize) -> Option<Vec<u8>> {
    read_exactly(GzDecoder::new(payload), payload.len(), unpacked)
}
