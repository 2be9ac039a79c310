use super::{FieldFilter, Malformed};
use crate::{
    BoxError, ResponseBody,
    service::{Ready, own},
};
use ::metrics::Counter;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A body that went through a [`FieldsLayer`](crate::FieldsLayer), or straight through a [`FieldFilter`].
    ///
    /// A body that is not JSON after all ends in an error, which servers turn into an aborted response: a client never takes
    /// the part it has for the whole. An inner body is never polled again after it has ended.
    pub struct FilteredBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B> {
        /// As the service made it, or all here and filtered.
        Settled { #[pin] body: ResponseBody<B> },
        /// Filtered as it comes.
        Filtered { #[pin] body: B, filter: Option<Box<FieldFilter>>, malformed: Option<Counter> },
        /// Nothing but an error.
        Failed { error: Option<BoxError> },
    }
}

impl<B> FilteredBody<B> {
    /// Lets through what the filter selects of a body.
    pub fn new(body: B, filter: FieldFilter) -> Self {
        Self { kind: Kind::Filtered { body, filter: Some(Box::new(filter)), malformed: None } }
    }

    /// [`new`](Self::new); counts when the body is no JSON.
    pub(super) fn counted(body: B, filter: FieldFilter, malformed: Counter) -> Self {
        Self { kind: Kind::Filtered { body, filter: Some(Box::new(filter)), malformed: Some(malformed) } }
    }

    pub(super) fn plain(body: B) -> Self {
        Self { kind: Kind::Settled { body: ResponseBody::plain(body) } }
    }

    pub(super) fn whole(data: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self { kind: Kind::Settled { body: Ready::Whole(data, trailers).into() } }
    }

    pub(super) fn failed(error: BoxError) -> Self {
        Self { kind: Kind::Failed { error: Some(error) } }
    }
}

impl<B> Body for FilteredBody<B>
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
            KindProjection::Settled { body } => body.poll_frame(cx),
            KindProjection::Filtered { body, filter, malformed } => {
                let frame = ready!(poll_filtered(body, filter, cx));
                if let (Some(Err(error)), Some(counter)) = (&frame, malformed)
                    && error.is::<Malformed>()
                {
                    counter.increment(1);
                }
                Poll::Ready(frame)
            }
            KindProjection::Failed { error } => Poll::Ready(error.take().map(Err)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Settled { body } => body.is_end_stream(),
            // Its end may still be the wrong one.
            Kind::Filtered { filter, .. } => filter.is_none(),
            Kind::Failed { error } => error.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Settled { body } => body.size_hint(),
            Kind::Filtered { .. } | Kind::Failed { .. } => SizeHint::default(),
        }
    }
}

/// The next frame of a filtered body; the filter goes when nothing more comes.
fn poll_filtered<B>(
    mut body: Pin<&mut B>,
    filter: &mut Option<Box<FieldFilter>>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, BoxError>>>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    loop {
        let Some(scan) = filter.as_mut() else { return Poll::Ready(None) };
        let result = match ready!(body.as_mut().poll_frame(cx)).map(own).transpose() {
            Ok(Some(frame)) => match frame.into_data() {
                Ok(data) => {
                    let mut out = Vec::new();
                    match scan.push(&data, &mut out) {
                        Ok(()) if out.is_empty() => continue,
                        Ok(()) => return Poll::Ready(Some(Ok(Frame::data(out.into())))),
                        Err(malformed) => Err(malformed.into()),
                    }
                }
                Err(last) => scan.finish().map(|()| Some(last)).map_err(BoxError::from),
            },
            Ok(None) => scan.finish().map(|()| None).map_err(BoxError::from),
            Err(error) => Err(error),
        };
        *filter = None;
        return Poll::Ready(result.transpose());
    }
}

impl<B> fmt::Debug for FilteredBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Settled { body } => f.debug_tuple("FilteredBody").field(body).finish(),
            Kind::Filtered { .. } => f.write_str("FilteredBody(filtered)"),
            Kind::Failed { .. } => f.write_str("FilteredBody(failed)"),
        }
    }
}
