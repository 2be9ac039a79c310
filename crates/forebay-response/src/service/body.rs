use super::stream::EncodedStream;
use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// An error of any kind, as bodies carry it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pin_project! {
    /// The body of a response that went through a [`ResponseLayer`](crate::ResponseLayer).
    ///
    /// An inner body is never polled again after it has ended.
    pub struct ResponseBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B> {
        /// As the service made it.
        Plain { #[pin] body: B, ended: bool },
        /// Bytes that are all here. Trailers are rare, and would make every body larger.
        Whole { data: Option<Bytes>, trailers: Option<Box<HeaderMap>> },
        /// No body; its length is left unsaid, so that a server does not write `Content-Length: 0` where the
        /// header must speak of another response (304, HEAD).
        Nothing,
        /// The first frames of a body that kept the response waiting, then the rest of it.
        Rest { read: Option<Box<Unfinished<B>>> },
        /// Encoded as it comes.
        Stream { stream: Box<EncodedStream<B>> },
    }
}

/// The body of an answer that is all here, or of one without any.
pub(crate) enum Ready {
    Nothing,
    Whole(Bytes, Option<HeaderMap>),
}

impl<B> From<Ready> for ResponseBody<B> {
    fn from(ready: Ready) -> Self {
        match ready {
            Ready::Nothing => Self::nothing(),
            Ready::Whole(data, trailers) => {
                let data = (!data.is_empty()).then_some(data);
                Self { kind: Kind::Whole { data, trailers: trailers.map(Box::new) } }
            }
        }
    }
}

/// A body of which some was read.
pub(crate) struct Unfinished<B> {
    pub(crate) read: VecDeque<Bytes>,
    /// The error that ended the reading, given out after the bytes.
    pub(crate) failed: Option<BoxError>,
    pub(crate) body: Pin<Box<B>>,
}

impl<B> Unfinished<B> {
    pub(crate) fn new(body: B) -> Self {
        Self { read: VecDeque::new(), failed: None, body: Box::pin(body) }
    }
}

impl<B> ResponseBody<B> {
    pub(crate) fn plain(body: B) -> Self {
        Self { kind: Kind::Plain { body, ended: false } }
    }

    pub(crate) fn nothing() -> Self {
        Self { kind: Kind::Nothing }
    }

    pub(crate) fn rest(unfinished: Unfinished<B>) -> Self {
        Self { kind: Kind::Rest { read: Some(Box::new(unfinished)) } }
    }

    pub(crate) fn stream(stream: EncodedStream<B>) -> Self {
        Self { kind: Kind::Stream { stream: Box::new(stream) } }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project().kind.project() {
            KindProjection::Plain { ended: true, .. } | KindProjection::Nothing => Poll::Ready(None),
            KindProjection::Plain { body, ended } => {
                let frame = ready!(body.poll_frame(cx));
                *ended = !matches!(frame, Some(Ok(_)));
                Poll::Ready(frame.map(own))
            }
            KindProjection::Whole { data, trailers } => {
                let data = data.take().map(Frame::data);
                Poll::Ready(
                    data.or_else(|| trailers.take().map(|trailers| Frame::trailers(*trailers))).map(Ok),
                )
            }
            KindProjection::Rest { read } => match read {
                Some(unfinished) => {
                    let frame = ready!(unfinished.poll_frame(cx));
                    if !matches!(frame, Some(Ok(_))) {
                        *read = None;
                    }
                    Poll::Ready(frame)
                }
                None => Poll::Ready(None),
            },
            KindProjection::Stream { stream } => stream.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Plain { body, ended } => *ended || body.is_end_stream(),
            Kind::Whole { data, trailers } => data.is_none() && trailers.is_none(),
            Kind::Nothing => true,
            Kind::Rest { read } => read.is_none(),
            Kind::Stream { stream } => stream.is_ended(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Plain { ended: true, .. } => SizeHint::with_exact(0),
            Kind::Plain { body, .. } => body.size_hint(),
            Kind::Whole { data, .. } => {
                SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64))
            }
            Kind::Nothing | Kind::Stream { .. } => SizeHint::default(),
            Kind::Rest { read } => {
                read.as_ref().map_or_else(|| SizeHint::with_exact(0), |rest| rest.size_hint())
            }
        }
    }
}

impl<B> Unfinished<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// The next frame; not to be called again after an error or the end.
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(data) = self.read.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.failed.take() {
            Some(error) => Poll::Ready(Some(Err(error))),
            None => self.body.as_mut().poll_frame(cx).map(|frame| frame.map(own)),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let read: u64 = self.read.iter().map(|data| data.len() as u64).sum();
        let rest = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + read);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + read);
        }
        hint
    }
}

/// A frame whose data is [`Bytes`]; free of copies when it was that before.
pub(crate) fn own<D: Buf, E: Into<BoxError>>(frame: Result<Frame<D>, E>) -> Result<Frame<Bytes>, BoxError> {
    match frame {
        Ok(frame) => Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))),
        Err(error) => Err(error.into()),
    }
}

impl<B> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.kind {
            Kind::Plain { .. } => "ResponseBody(plain)",
            Kind::Whole { .. } => "ResponseBody(whole)",
            Kind::Nothing => "ResponseBody(nothing)",
            Kind::Rest { .. } => "ResponseBody(rest)",
            Kind::Stream { .. } => "ResponseBody(stream)",
        })
    }
}
