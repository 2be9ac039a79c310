use super::{DecodeError, chain::Chain};
use crate::{BoxError, service::own};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    fmt,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

/// What is decoded in one go: a step of this size cannot become more memory than the limits allow.
const STEP_BYTES: usize = 1 << 10;
/// What is gathered before it is handed on, as far as there is more at hand.
const FRAME_BYTES: usize = 16 << 10;

pin_project! {
    /// The body of a request behind a [`RequestDecodingLayer`](crate::RequestDecodingLayer): decoded, or as it
    /// came where it was not encoded.
    ///
    /// An error of decoding is a [`DecodeError`](crate::DecodeError) inside of the [`BoxError`].
    pub struct DecodedBody<B> {
        #[pin]
        body: B,
        decoding: Option<Box<Decoding>>,
        ended: bool,
    }
}

/// A body on its way through the decoders.
struct Decoding {
    chain: Chain,
    pending: Bytes,
    out: Vec<u8>,
    trailers: Option<HeaderMap>,
    source_ended: bool,
    /// Where the layer looks for the reason.
    failed: Arc<OnceLock<DecodeError>>,
}

impl<B> DecodedBody<B> {
    pub(super) fn plain(body: B) -> Self {
        Self { body, decoding: None, ended: false }
    }

    pub(super) fn decoding(body: B, chain: Chain, failed: Arc<OnceLock<DecodeError>>) -> Self {
        let (pending, out) = (Bytes::new(), Vec::new());
        let decoding = Decoding { chain, pending, out, trailers: None, source_ended: false, failed };
        Self { body, decoding: Some(Box::new(decoding)), ended: false }
    }
}

impl Decoding {
    /// Decodes what is at hand, as far as one frame goes.
    fn work(&mut self) -> Result<(), DecodeError> {
        while !self.pending.is_empty() && self.out.len() < FRAME_BYTES {
            let step = self.pending.split_to(self.pending.len().min(STEP_BYTES));
            self.out.extend(self.chain.write(&step)?);
        }
        Ok(())
    }

    fn end(&mut self, trailers: Option<HeaderMap>) -> Result<(), DecodeError> {
        self.source_ended = true;
        self.trailers = trailers;
        self.out.extend(self.chain.finish()?);
        Ok(())
    }

    /// Notes the reason where the layer finds it.
    fn fails(&self, error: DecodeError) -> BoxError {
        // The first reason is the one that counts.
        let _ = self.failed.set(error.clone());
        error.into()
    }

    fn poll<B>(
        &mut self,
        mut body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        loop {
            if let Err(error) = self.work() {
                return Poll::Ready(Some(Err(self.fails(error))));
            }
            if !self.out.is_empty() {
                let data = Bytes::from(std::mem::take(&mut self.out));
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if self.source_ended {
                return Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
            }
            let result = match ready!(body.as_mut().poll_frame(cx)).map(own) {
                None => self.end(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.pending = data;
                        Ok(())
                    }
                    Err(frame) => self.end(frame.into_trailers().ok()),
                },
            };
            if let Err(error) = result {
                return Poll::Ready(Some(Err(self.fails(error))));
            }
        }
    }
}

impl<B> Body for DecodedBody<B>
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
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        let frame = match this.decoding {
            Some(decoding) => ready!(decoding.poll(this.body, cx)),
            None => ready!(this.body.poll_frame(cx)).map(own),
        };
        *this.ended = !matches!(frame, Some(Ok(_)));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || (self.decoding.is_none() && self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        if self.decoding.is_some() { SizeHint::default() } else { self.body.size_hint() }
    }
}

impl<B> fmt::Debug for DecodedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodedBody").field("encoded", &self.decoding.is_some()).finish_non_exhaustive()
    }
}
