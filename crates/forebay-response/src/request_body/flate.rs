use super::{DecodeError, RequestDecodingConfig, chain::Stage, sink::Sink};
use flate2::{Decompress, FlushDecompress, Status};

/// The widest window the format has.
const WINDOW_BITS: u8 = 15;
/// What one step writes at most.
const STEP_BYTES: usize = 8 << 10;

/// Gzip (RFC 1952), whose members may follow each other, or deflate, which is one zlib stream (RFC 1950).
#[derive(Debug)]
pub(super) struct Flate {
    state: Decompress,
    gzip: bool,
    /// Whether a member has ended and none has begun since.
    ended: bool,
    sink: Sink,
}

impl Flate {
    pub(super) fn gzip(limits: RequestDecodingConfig) -> Self {
        Self::new(true, limits)
    }

    pub(super) fn deflate(limits: RequestDecodingConfig) -> Self {
        Self::new(false, limits)
    }

    fn new(gzip: bool, limits: RequestDecodingConfig) -> Self {
        Self { state: state(gzip), gzip, ended: false, sink: Sink::new(limits) }
    }

    /// One step; the number of bytes taken in, and whether it may have more to give without any more.
    fn step(&mut self, data: &[u8]) -> Result<(usize, bool), DecodeError> {
        let mut room = [0; STEP_BYTES];
        let (read, written) = (self.state.total_in(), self.state.total_out());
        let status = self
            .state
            .decompress(data, &mut room, FlushDecompress::None)
            .map_err(|_| DecodeError::Malformed)?;
        let count = |from: u64, to: u64| usize::try_from(to - from).map_err(|_| DecodeError::Malformed);
        let taken = count(read, self.state.total_in())?;
        let made = count(written, self.state.total_out())?;
        self.sink.push(&room[..made])?;
        self.ended = status == Status::StreamEnd;
        if taken == 0 && made == 0 && !data.is_empty() && !self.ended {
            return Err(DecodeError::Malformed);
        }
        Ok((taken, made == room.len() && !self.ended))
    }
}

impl Stage for Flate {
    fn write(&mut self, mut data: &[u8]) -> Result<(), DecodeError> {
        self.sink.reads(data.len());
        let mut more = false;
        while more || !data.is_empty() {
            if self.ended {
                if !self.gzip {
                    return Err(DecodeError::Malformed);
                }
                self.state = state(true);
                self.ended = false;
            }
            let taken;
            (taken, more) = self.step(data)?;
            data = &data[taken..];
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

fn state(gzip: bool) -> Decompress {
    if gzip { Decompress::new_gzip(WINDOW_BITS) } else { Decompress::new(true) }
}
