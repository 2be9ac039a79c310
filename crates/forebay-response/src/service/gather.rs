use super::{
    body::{BoxError, Unfinished, own},
    timer::Timer,
};
use crate::Prepared;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body;
use std::{
    task::{Context, Poll},
    time::Duration,
};

/// Reads a body of known length to its end, as long as that does not take long.
pub(crate) struct Gather<B> {
    /// Taken when the reading ends.
    source: Option<Unfinished<B>>,
    /// What the body is said to be, until its first frame shows whether it is.
    prepared: Option<Prepared>,
    read_bytes: u64,
    bytes_max: u64,
    wait: Duration,
    timer: Timer,
}

/// What became of the reading.
pub(crate) enum Gathered<B> {
    Whole(Whole),
    /// It takes too long, is longer than it said, or failed.
    Unfinished(Unfinished<B>),
}

/// A body that is all here.
pub(crate) struct Whole {
    pub(crate) data: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
    /// The prepared body that these bytes are.
    pub(crate) prepared: Option<Prepared>,
}

impl<B> Gather<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(body: B, prepared: Option<Prepared>, bytes_max: u64, wait: Duration) -> Self {
        let source = Some(Unfinished::new(body));
        Self { source, prepared, read_bytes: 0, bytes_max, wait, timer: Timer::default() }
    }

    /// Not to be called again after it was ready.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Gathered<B>> {
        let mut source = self.source.take().expect("not polled after it was ready");
        loop {
            let frame = match source.body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(error))) => {
                    source.failed = Some(error.into());
                    return Poll::Ready(Gathered::Unfinished(source));
                }
                Poll::Ready(None) => return Poll::Ready(whole(source, None)),
                Poll::Pending if self.timer.poll(self.wait, cx).is_ready() => {
                    return Poll::Ready(Gathered::Unfinished(source));
                }
                Poll::Pending => {
                    self.source = Some(source);
                    return Poll::Pending;
                }
            };
            if let (Some(prepared), Some(data)) = (self.prepared.take(), frame.data_ref())
                && prepared.is_whole_frame(data)
            {
                let data = prepared.body().clone();
                return Poll::Ready(Gathered::Whole(Whole {
                    data,
                    trailers: None,
                    prepared: Some(prepared),
                }));
            }
            match own::<_, BoxError>(Ok(frame)).map(http_body::Frame::into_data) {
                // Most bodies are one frame that is known to be the last.
                Ok(Ok(data))
                    if source.read.is_empty()
                        && data.len() as u64 <= self.bytes_max
                        && source.body.is_end_stream() =>
                {
                    return Poll::Ready(Gathered::Whole(Whole { data, trailers: None, prepared: None }));
                }
                Ok(Ok(data)) => {
                    self.read_bytes += data.len() as u64;
                    source.read.push_back(data);
                }
                Ok(Err(frame)) => return Poll::Ready(whole(source, frame.into_trailers().ok())),
                Err(error) => source.failed = Some(error),
            }
            if self.read_bytes > self.bytes_max {
                return Poll::Ready(Gathered::Unfinished(source));
            }
        }
    }
}

fn whole<B>(mut source: Unfinished<B>, trailers: Option<HeaderMap>) -> Gathered<B> {
    let data = match source.read.len() {
        0 | 1 => source.read.pop_front().unwrap_or_default(),
        _ => {
            let mut joined = BytesMut::with_capacity(source.read.iter().map(Bytes::len).sum());
            source.read.iter().for_each(|data| joined.extend_from_slice(data));
            joined.freeze()
        }
    };
    Gathered::Whole(Whole { data, trailers, prepared: None })
}
