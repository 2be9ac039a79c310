use super::read_exactly;
use brotli::{
    Decompressor,
    enc::{BrotliCompress, BrotliEncoderParams},
};

/// Above it, small windows select tables that take longer to set up than a small value takes to compress.
const QUALITY: i32 = 4;
const BUFFER_BYTES: usize = 4 << 10;

pub(super) fn pack(payload: &[u8]) -> Option<Vec<u8>> {
    // The smallest window that holds the payload; the format keeps 16 bytes of it for itself.
    let window_bits = (payload.len() + 16).next_power_of_two().ilog2().clamp(10, 22);
    let parameters = BrotliEncoderParams {
        quality: QUALITY,
        lgwin: i32::try_from(window_bits).unwrap_or(22),
        size_hint: payload.len(),
        ..BrotliEncoderParams::default()
    };
    let mut packed = Vec::with_capacity(payload.len() / 2);
    BrotliCompress(&mut &*payload, &mut packed, &parameters).ok()?;
    Some(packed)
}

/// The decoder's window grows with what it has written, so that it is bounded by where reading stops.
pub(super) fn unpack(payload: &[u8], unpacked: usize) -> Option<Vec<u8>> {
    read_exactly(Decompressor::new(payload, BUFFER_BYTES), payload.len(), unpacked)
}
