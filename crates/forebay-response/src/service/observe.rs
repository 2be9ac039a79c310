//! What would have been done, beside the truth.

use super::{
    asked::Asked,
    body::{BoxError, Ready, ResponseBody},
    decide::{Plan, Step},
    gather::{Gather, Whole},
    layer::Shared,
};
use crate::{Eligible, Prepared, metrics::Observed, request_body::decoded};
use bytes::Bytes;
use http::{
    HeaderMap, Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_RANGE},
    response::Parts,
};
use http_body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

/// What follows from a response's head.
pub(crate) enum Watched<B> {
    Answer(Response<ResponseBody<B>>),
    /// Its head; then the head and the plan of what would be sent, which takes its body.
    Gather(Parts, (Parts, Plan), Gather<B>),
}

impl<E: Eligible> Shared<E> {
    /// Decides by the head; the response itself stays as it is.
    pub(crate) fn watched<B>(&self, asked: &Asked, response: Response<B>) -> Watched<B>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (truth, body) = response.into_parts();
        match self.begin(asked, Response::from_parts(truth.clone(), Shape(body.size_hint()))) {
            Step::Answer(would) => {
                self.watch.observed(match would.status() {
                    status if status != truth.status => by_status(status),
                    _ if would.headers().contains_key(CONTENT_ENCODING)
                        && !truth.headers.contains_key(CONTENT_ENCODING) =>
                    {
                        Observed::Stream
                    }
                    _ => Observed::Plain,
                });
                Watched::Answer(Response::from_parts(truth, ResponseBody::plain(body)))
            }
            Step::Gather(parts, plan, _) => {
                let length = body.size_hint().exact();
                let prepared = truth.extensions.get::<Prepared>();
                let prepared = prepared.filter(|prepared| length == Some(prepared.body().len() as u64));
                let (most, wait) = (self.config.buffer_bytes_max, self.config.buffer_wait);
                let gather = Gather::new(body, prepared.cloned(), most, wait);
                Watched::Gather(truth, (parts, plan), gather)
            }
        }
    }

    /// Makes what would have been sent, and gives the truth.
    pub(crate) fn observe(
        &self,
        asked: &Asked,
        truth: Parts,
        (parts, plan): (Parts, Plan),
        whole: Whole,
    ) -> Response<Ready> {
        let (data, trailers) = (whole.data.clone(), whole.trailers.clone());
        let would = self.whole(asked, parts, plan, whole);
        self.watch.observed(judge(&would, &truth, &data));
        Response::from_parts(truth, Ready::Whole(data, trailers))
    }
}

fn judge(would: &Response<Ready>, truth: &Parts, data: &Bytes) -> Observed {
    if would.status() != truth.status {
        return by_status(would.status());
    }
    let (Ready::Whole(sent, _), true) = (would.body(), is_encoded(would.headers())) else {
        return Observed::Plain;
    };
    match decoded(would.headers(), sent, data.len() as u64) {
        Some(back) if back == *data => Observed::Right,
        _ => Observed::Wrong,
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(CONTENT_RANGE)
}

fn by_status(status: StatusCode) -> Observed {
    match status {
        StatusCode::NOT_MODIFIED => Observed::NotModified,
        StatusCode::PRECONDITION_FAILED => Observed::Failed,
        _ => Observed::Range,
    }
}

/// A body of which only the length is known.
struct Shape(SizeHint);

impl Body for Shape {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn size_hint(&self) -> SizeHint {
        self.0
    }
}
