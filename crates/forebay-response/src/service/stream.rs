use super::{
    body::{BoxError, Unfinished},
    timer::Timer,
};
use crate::{
    eligible::Boundary,
    encode::{Budget, PushEncoder, padding, sum_of},
    validate::drop_digests,
};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};
use std::{
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

/// A body that is encoded as it comes and never held back for long.
pub(crate) struct EncodedStream<B> {
    source: Unfinished<B>,
    encoder: Box<dyn PushEncoder>,
    cut: Cut,
    flush: Flush,
    /// Pays for the encoder's time.
    budget: Arc<Budget>,
    /// Bytes taken in since the last flush.
    held_bytes: u64,
    /// The sum of what was taken in, where that decides on padding.
    sum: u64,
    /// Whether anything was sent: the first bytes go out at once.
    begun: bool,
    timer: Timer,
    state: State,
}

enum State {
    /// The source may have more.
    Reading,
    /// The source has ended; its trailers are still to be sent.
    Trailers(HeaderMap),
    /// Nothing more comes, and the source is not polled again.
    Ended,
}

/// When a stream lets go of what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flush {
    pub(crate) after: Duration,
    pub(crate) bytes: u64,
    /// Whether the length of what it lets go must say little of its content.
    pub(crate) padded: bool,
}

impl<B> EncodedStream<B> {
    pub(crate) fn new(
        source: Unfinished<B>,
        encoder: Box<dyn PushEncoder>,
        boundary: Boundary,
        flush: Flush,
        budget: Arc<Budget>,
    ) -> Self {
        let cut = Cut { boundary, line_is_empty: true };
        let (timer, state) = (Timer::default(), State::Reading);
        Self { source, encoder, cut, flush, budget, held_bytes: 0, sum: 0, begun: false, timer, state }
    }

    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }
}

impl<B> EncodedStream<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let result = match std::mem::replace(&mut self.state, State::Ended) {
            State::Reading => {
                self.state = State::Reading;
                ready!(self.poll_data(cx))
            }
            State::Trailers(mut trailers) => {
                // They are of the bytes before encoding.
                drop_digests(&mut trailers);
                Ok((!trailers.is_empty()).then(|| Frame::trailers(trailers)))
            }
            State::Ended => Ok(None),
        };
        if result.is_err() {
            // Ending without the coding's own end tells the client that the body is not complete.
            self.state = State::Ended;
        }
        Poll::Ready(result.transpose())
    }

    /// Takes in frames until there is something to send.
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, BoxError>> {
        let mut out = Vec::new();
        while out.is_empty() {
            match self.source.poll_frame(cx) {
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.take_in(&data, &mut out)?,
                    Err(frame) => {
                        self.end(&mut out)?;
                        self.state = frame.into_trailers().map_or(State::Ended, State::Trailers);
                        break;
                    }
                },
                Poll::Ready(None) => {
                    self.end(&mut out)?;
                    self.state = State::Ended;
                    break;
                }
                Poll::Pending => {
                    if self.held_bytes == 0 {
                        return Poll::Pending;
                    }
                    ready!(self.timer.poll(self.flush.after, cx));
                    self.let_go(&mut out)?;
                }
            }
        }
        Poll::Ready(Ok(Some(Frame::data(Bytes::from(out)))))
    }

    fn take_in(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), BoxError> {
        if data.is_empty() {
            return Ok(());
        }
        let began = self.budget.now();
        let written = self.encoder.write(data, out);
        self.budget.pay(began);
        written?;
        self.held_bytes += data.len() as u64;
        if self.flush.padded {
            self.sum = sum_of(self.sum, data);
        }
        let whole_item = self.cut.ends_item(data);
        if whole_item || !self.begun || self.held_bytes >= self.flush.bytes {
            self.let_go(out)?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), BoxError> {
        if self.flush.padded && self.held_bytes > 0 {
            self.let_go(out)?;
        }
        Ok(self.encoder.finish(out)?)
    }

    fn let_go(&mut self, out: &mut Vec<u8>) -> Result<(), BoxError> {
        let began = self.budget.now();
        let flushed = self.encoder.flush(out);
        self.budget.pay(began);
        flushed?;
        if self.flush.padded {
            self.encoder.pad(padding(self.sum), out)?;
        }
        self.held_bytes = 0;
        self.begun = true;
        self.timer.stop();
        Ok(())
    }
}

/// Watches for places where the client can use what it has.
struct Cut {
    boundary: Boundary,
    /// Whether nothing but line ends came since the last line end.
    line_is_empty: bool,
}

impl Cut {
    /// Whether an item ended in these bytes.
    fn ends_item(&mut self, data: &[u8]) -> bool {
        match self.boundary {
            Boundary::Unknown => false,
            Boundary::Line => memchr::memchr(b'\n', data).is_some(),
            Boundary::BlankLine => self.has_blank_line(data),
        }
    }

    /// A blank line may be split over frames, and a line may end in `\n`, `\r\n` or `\r`. A lone `\r\n` at the
    /// start of a frame can count as blank when its line does not; that costs a few bytes and no delay.
    fn has_blank_line(&mut self, data: &[u8]) -> bool {
        let mut found = false;
        let mut from = 0;
        for at in memchr::memchr2_iter(b'\n', b'\r', data) {
            let joined = at > 0 && data[at] == b'\n' && data[at - 1] == b'\r';
            if joined {
                from = at + 1;
                continue;
            }
            found |= self.line_is_empty && at == from;
            self.line_is_empty = true;
            from = at + 1;
        }
        if from < data.len() {
            self.line_is_empty = false;
        }
        found
    }
}
