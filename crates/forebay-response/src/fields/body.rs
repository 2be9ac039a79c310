use super::FieldFilter;
use crate::{BoxError, service::own};
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
        /// As the service made it.
        Plain { #[pin] body: B, ended: bool },
        /// Filtered as it comes.
        Filtered { #[pin] body: B, filter: Option<Box<FieldFilter>> },
        /// All here.
        Whole { data: Option<Bytes>, trailers: Option<HeaderMap> },
        /// Nothing but an error.
        Failed { error: Option<BoxError> },
    }
}

impl<B> FilteredBody<B> {
    /// Lets through what the filter selects of a body.
    pub fn new(body: B, filter: FieldFilter) -> Self {
        Self { kind: Kind::Filtered { body, filter: Some(Box::new(filter)) } }
    }

    pub(super) fn plain(body: B) -> Self {
        Self { kind: Kind::Plain { body, ended: false } }
    }

    pub(super) fn whole(data: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self { kind: Kind::Whole { data: (!data.is_empty()).then_some(data), trailers } }
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
            KindProjection::Plain { ended: true, .. } => Poll::Ready(None),
            KindProjection::Plain { body, ended } => {
                let frame = ready!(body.poll_frame(cx));
                *ended = !matches!(frame, Some(Ok(_)));
                Poll::Ready(frame.map(own))
            }
            KindProjection::Filtered { body, filter } => poll_filtered(body, filter, cx),
            KindProjection::Whole { data, trailers } => {
                let data = data.take().map(Frame::data);
                Poll::Ready(data.or_else(|| trailers.take().map(Frame::trailers)).map(Ok))
            }
            KindProjection::Failed { error } => Poll::Ready(error.take().map(Err)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Plain { body, ended } => *ended || body.is_end_stream(),
            // Its end may still be the wrong one.
            Kind::Filtered { filter, .. } => filter.is_none(),
            Kind::Whole { data, trailers } => data.is_none() && trailers.is_none(),
            Kind::Failed { error } => error.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Plain { ended: true, .. } => SizeHint::with_exact(0),
            Kind::Plain { body, .. } => body.size_hint(),
            Kind::Whole { data, .. } => {
                SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64))
            }
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
        f.write_str(match &self.kind {
            Kind::Plain { .. } => "FilteredBody(plain)",
            Kind::Filtered { .. } => "FilteredBody(filtered)",
            Kind::Whole { .. } => "FilteredBody(whole)",
            Kind::Failed { .. } => "FilteredBody(failed)",
        })
    }
}
