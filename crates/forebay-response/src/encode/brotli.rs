use super::{
    brotli_memory::Memory,
    push::PushEncoder,
    whole::{SCRATCH_BYTES_KEPT, WholeEncoder},
};
use brotli::enc::{
    StandardAlloc,
    encode::{
        BrotliEncoderDestroyInstance, BrotliEncoderOperation as Operation,
        BrotliEncoderParameter as Parameter, BrotliEncoderStateStruct as State,
    },
};
use bytes::Bytes;

/// A window of 64 KiB for streams: ten thousand open streams must not cost gigabytes.
const STREAM_WINDOW_BITS: u32 = 16;
/// What one pass over a stream may write before the output is made longer.
const STREAM_STEP_BYTES: usize = 4 << 10;

/// An encoder whose tables and output buffer live on between bodies.
#[derive(Debug, Default)]
pub(super) struct Brotli {
    memory: Memory,
    scratch: Vec<u8>,
}

impl WholeEncoder for Brotli {
    fn encode(&mut self, level: u32, body: &[u8], limit: usize) -> Option<Bytes> {
        let mut state = State::new(std::mem::take(&mut self.memory));
        state.set_parameter(Parameter::BROTLI_PARAM_QUALITY, level);
        state.set_parameter(Parameter::BROTLI_PARAM_LGWIN, window_bits(level, body.len()));
        state.set_parameter(Parameter::BROTLI_PARAM_SIZE_HINT, u32::try_from(body.len()).unwrap_or(u32::MAX));
        if self.scratch.len() < limit {
            self.scratch.resize(limit, 0);
        }
        let (mut left, mut read, mut room, mut written) = (body.len(), 0, limit, 0);
        let fine = state.compress_stream(
            Operation::BROTLI_OPERATION_FINISH,
            &mut left,
            body,
            &mut read,
            &mut room,
            &mut self.scratch[..limit],
            &mut written,
            &mut None,
            &mut |_, _, _, _| (),
        );
        let encoded = (fine && state.is_finished()).then(|| Bytes::copy_from_slice(&self.scratch[..written]));
        BrotliEncoderDestroyInstance(&mut state);
        self.memory = std::mem::take(&mut state.m8);
        if self.scratch.len() > SCRATCH_BYTES_KEPT {
            self.scratch = Vec::new();
        }
        encoded
    }
}

/// The smallest window that holds the body (the format keeps 16 bytes of it for itself), at most 4 MiB.
///
/// From level 5 on, windows up to 64 KiB would select a hash table that takes milliseconds to set up, some
/// forty times as long as the encoding of a small body.
fn window_bits(level: u32, body_bytes: usize) -> u32 {
    let smallest = if level < 5 { 10 } else { 17 };
    (smallest..22).find(|&bits| (1_usize << bits) - 16 >= body_bytes).unwrap_or(22)
}

/// Brotli for a stream.
pub(super) struct BrotliPush(State<StandardAlloc>);

impl BrotliPush {
    pub(super) fn new(level: u32) -> Self {
        let mut state = State::new(StandardAlloc::default());
        state.set_parameter(Parameter::BROTLI_PARAM_QUALITY, level);
        state.set_parameter(
            Parameter::BROTLI_PARAM_LGWIN,
            if level < 5 { STREAM_WINDOW_BITS } else { STREAM_WINDOW_BITS + 1 },
        );
        Self(state)
    }

    fn run(&mut self, data: &[u8], out: &mut Vec<u8>, operation: Operation) -> Result<(), &'static str> {
        let (mut left, mut read) = (data.len(), 0);
        loop {
            let start = out.len();
            out.resize(start + STREAM_STEP_BYTES, 0);
            let (mut room, mut written) = (STREAM_STEP_BYTES, 0);
            let fine = self.0.compress_stream(
                operation,
                &mut left,
                data,
                &mut read,
                &mut room,
                &mut out[start..],
                &mut written,
                &mut None,
                &mut |_, _, _, _| (),
            );
            out.truncate(start + written);
            if !fine {
                return Err("brotli encoder failed");
            }
            if left == 0 && !self.0.has_more_output() {
                return Ok(());
            }
        }
    }
}

impl PushEncoder for BrotliPush {
    fn write(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.run(data, out, Operation::BROTLI_OPERATION_PROCESS)
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.run(&[], out, Operation::BROTLI_OPERATION_FLUSH)
    }

    fn pad(&mut self, count: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
        // A flush ends at a byte, between meta-blocks. From the lowest bit on: not the last block, nibbles that say
        // metadata, a reserved zero, one byte of length, the length less one (RFC 7932 section 9.2).
        let skipped = u16::try_from(count.saturating_sub(1) & 0xff).map_err(|_| "brotli padding failed")?;
        out.extend((0b01_0110 | (skipped << 6)).to_le_bytes());
        out.resize(out.len() + usize::from(skipped) + 1, b'.');
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.run(&[], out, Operation::BROTLI_OPERATION_FINISH)
    }
}
