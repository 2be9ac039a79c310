use super::{
    Choice, FieldFilter, FieldMask, Malformed,
    body::FilteredBody,
    heads::{Suffix, forget_whole, framing},
    watch::Outcome as Came,
};
use crate::{BoxError, problem::problem, service::own};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_LENGTH, response::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// What a request asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) mask: FieldMask,
    pub(super) suffix: Suffix,
    pub(super) is_head: bool,
    pub(super) choice: Arc<Choice>,
}

pin_project! {
    /// The response of a [`FieldsService`](crate::FieldsService). Dropping it drops the inner future, or the body it is
    /// reading.
    pub struct FieldsFuture<F, B> {
        asked: Option<Asked>,
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Calling { #[pin] call: F },
        // A bad mask. Taken when it is given out.
        Refused { response: Option<Response<Bytes>> },
        // Taken when it is read.
        Reading { reading: Option<Box<Reading<B>>> },
    }
}

/// A body that is filtered before its response begins.
struct Reading<B> {
    parts: Parts,
    body: Pin<Box<B>>,
    filter: FieldFilter,
    read: u64,
    out: Vec<u8>,
    choice: Arc<Choice>,
}

impl<F, B> FieldsFuture<F, B> {
    pub(super) fn calling(call: F, asked: Option<Asked>) -> Self {
        Self { asked, state: State::Calling { call } }
    }

    pub(super) fn refused(response: Response<Bytes>) -> Self {
        Self { asked: None, state: State::Refused { response: Some(response) } }
    }
}

impl<F, B, Failure> Future for FieldsFuture<F, B>
where
    F: Future<Output = Result<Response<B>, Failure>>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<FilteredBody<B>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Calling { call } => {
                    let response = ready!(call.poll(cx))?;
                    match begin(this.asked.as_ref(), response) {
                        Begun::Answer(response) => return Poll::Ready(Ok(response)),
                        Begun::Read(reading) => this.state.set(State::Reading { reading: Some(reading) }),
                    }
                }
                StateProjection::Refused { response } => {
                    let response = response.take().expect("not polled after it was ready");
                    return Poll::Ready(Ok(ready_made(response)));
                }
                StateProjection::Reading { reading } => {
                    let read = reading.as_mut().expect("not polled after it was ready");
                    let outcome = ready!(read.poll(cx));
                    return Poll::Ready(Ok(answer(*reading.take().expect("just read"), outcome)));
                }
            }
        }
    }
}

enum Begun<B> {
    Answer(Response<FilteredBody<B>>),
    Read(Box<Reading<B>>),
}

/// Decides by the head of the response.
fn begin<B: Body>(asked: Option<&Asked>, response: Response<B>) -> Begun<B> {
    let Some(asked) = asked else { return Begun::Answer(response.map(FilteredBody::plain)) };
    let (mut parts, body) = response.into_parts();
    if parts.status == StatusCode::NOT_MODIFIED {
        asked.suffix.add_to(&mut parts.headers);
    }
    let watch = &asked.choice.watch;
    let Some(framing) = framing(&parts) else {
        watch.saw(Came::Passed);
        return Begun::Answer(Response::from_parts(parts, FilteredBody::plain(body)));
    };
    asked.suffix.add_to(&mut parts.headers);
    forget_whole(&mut parts);
    let length = body.size_hint().exact();
    if asked.is_head && length == Some(0) {
        // Nobody knows the length of what GET would send.
        return Begun::Answer(Response::from_parts(parts, FilteredBody::plain(body)));
    }
    let config = &asked.choice.config;
    let filter = FieldFilter::new(&asked.mask, framing, config);
    match length {
        Some(length) if length <= config.buffer_bytes_max => {
            let (body, choice) = (Box::pin(body), Arc::clone(&asked.choice));
            Begun::Read(Box::new(Reading { parts, body, filter, read: 0, out: Vec::new(), choice }))
        }
        _ => {
            watch.saw(Came::Selected);
            let body = FilteredBody::counted(body, filter, watch.malformed());
            Begun::Answer(Response::from_parts(parts, body))
        }
    }
}

/// How the reading of a body ended.
enum Outcome {
    Whole(Option<http::HeaderMap>),
    Malformed(Malformed),
    /// The service's own error.
    Failed(BoxError),
}

impl<B> Reading<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let trailers = loop {
            match ready!(self.body.as_mut().poll_frame(cx)).map(own).transpose() {
                Ok(Some(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.read += data.len() as u64;
                        if let Err(malformed) = self.filter.push(&data, &mut self.out) {
                            return Poll::Ready(Outcome::Malformed(malformed));
                        }
                    }
                    Err(last) => break last.into_trailers().ok(),
                },
                Ok(None) => break None,
                Err(error) => return Poll::Ready(Outcome::Failed(error)),
            }
        };
        Poll::Ready(match self.filter.finish() {
            Ok(()) => Outcome::Whole(trailers),
            Err(malformed) => Outcome::Malformed(malformed),
        })
    }
}

fn answer<B>(reading: Reading<B>, outcome: Outcome) -> Response<FilteredBody<B>> {
    let Reading { mut parts, read, out, choice, .. } = reading;
    match outcome {
        Outcome::Whole(trailers) => {
            choice.watch.selected(read, out.len());
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(out.len()));
            Response::from_parts(parts, FilteredBody::whole(out.into(), trailers))
        }
        Outcome::Malformed(malformed) => {
            choice.watch.saw(Came::Malformed);
            let detail = format!("the fields of the response cannot be selected: {malformed}");
            ready_made(problem(StatusCode::BAD_GATEWAY, &detail))
        }
        Outcome::Failed(error) => Response::from_parts(parts, FilteredBody::failed(error)),
    }
}

fn ready_made<B>(response: Response<Bytes>) -> Response<FilteredBody<B>> {
    response.map(|data| FilteredBody::whole(data, None))
}

impl<F, B> fmt::Debug for FieldsFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldsFuture").field("asked", &self.asked).finish_non_exhaustive()
    }
}
