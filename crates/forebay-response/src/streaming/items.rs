use super::{
    beat::Heartbeat,
    counting::{Counting, ItemsMeter},
    format::{Array, EventLines, Format, Lines, Shape},
};
use crate::BoxError;
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// NDJSON from a stream of values: see [`Items`].
pub type JsonLines<S> = Items<S, Lines>;
/// A JSON array from a stream of values: see [`Items`].
pub type JsonArray<S> = Items<S, Array>;
/// Server-sent events from a stream of [`Event`](crate::Event)s: see [`Items`].
pub type Events<S> = Items<S, EventLines>;

/// Writes an error for the client.
type Tell = Box<dyn Fn(&BoxError) -> String + Send + Sync>;

pin_project! {
    /// A body made of the items of a stream, as NDJSON ([`JsonLines`]), as a JSON array ([`JsonArray`]) or as server-sent
    /// events ([`Events`]).
    ///
    /// **Backpressure**: the stream is asked for an item only when the connection has room. Items that are ready together
    /// leave in one frame of up to [`frame_bytes`](Self::frame_bytes); nothing waits for an item that is not there yet.
    /// Behind a [`ResponseLayer`](crate::ResponseLayer) a frame of lines or events is encoded and sent at once.
    ///
    /// **An error in mid-stream** never leaves a body that looks whole. By default the body is aborted: over HTTP/1.1 the
    /// connection ends without the last chunk, over HTTP/2 the stream is reset, an encoded body lacks its end, and a JSON
    /// array has no `]`. Items written before the error are sent first, as far as the connection takes them. With [`tell_errors`](Self::tell_errors), lines and
    /// events end well, with a last line `{"error":"…"}` or an event `error`; an array, which has no place for that, is
    /// aborted all the same.
    ///
    /// ```
    /// use forebay_response::JsonLines;
    /// use futures_util::stream;
    /// use http_body_util::BodyExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let rows = stream::iter([Ok(1), Ok(2), Err("the database went away")]);
    /// let response = JsonLines::new(rows).tell_errors(|error| error.to_string()).into_response();
    /// assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    /// let body = response.into_body().collect().await?.to_bytes();
    /// assert_eq!(body, "1\n2\n{\"error\":\"the database went away\"}\n");
    /// # Ok(()) }
    /// ```
    pub struct Items<S, F> {
        #[pin]
        stream: S,
        format: F,
        frame_bytes: usize,
        heartbeat: Heartbeat,
        tell: Option<Tell>,
        counting: Counting,
        state: State,
    }
}

enum State {
    /// Nothing was written.
    New,
    Open,
    /// An error; the server is first given the time to send the items before it.
    Failing(BoxError),
    /// The error comes next.
    Failed(BoxError),
    /// The stream is not polled again.
    Ended,
}

impl<S> Items<S, Lines> {
    /// NDJSON: each value on a line of its own, `application/x-ndjson`.
    pub fn new(stream: S) -> Self {
        Self::with(stream, Lines::default(), None)
    }
}

impl<S> Items<S, Array> {
    /// A JSON array of the values, `application/json`.
    pub fn new(stream: S) -> Self {
        Self::with(stream, Array::default(), None)
    }
}

impl<S> Items<S, EventLines> {
    /// Server-sent events, `text/event-stream`.
    pub fn new(stream: S) -> Self {
        Self::with(stream, EventLines::default(), Some(Duration::from_secs(15)))
    }
}

impl<S, F: Shape> Items<S, F> {
    fn with(stream: S, format: F, heartbeat: Option<Duration>) -> Self {
        Self {
            stream,
            format,
            frame_bytes: 16 << 10,
            heartbeat: Heartbeat::new(heartbeat),
            tell: None,
            counting: Counting::default(),
            state: State::New,
        }
    }

    /// How many bytes of items that are ready together leave in one frame; a single longer item makes a longer one. It is
    /// what a body holds at most besides that item. Default: 16 KiB.
    #[must_use]
    pub fn frame_bytes(mut self, bytes: usize) -> Self {
        self.frame_bytes = bytes;
        self
    }

    /// After how long a silence to send something that means nothing, so that no one on the way takes the connection for
    /// dead: a comment between events, an empty line between lines, white space in an array. `None` never does. Needs a tokio
    /// runtime with time. Default: 15 seconds for events (the HTML standard's advice, section 9.2.7), otherwise never.
    #[must_use]
    pub fn heartbeat(mut self, silence: impl Into<Option<Duration>>) -> Self {
        self.heartbeat = Heartbeat::new(silence.into());
        self
    }

    /// Ends a body of lines or events well after an error, with a last item that holds the text made of it. Say only what
    /// the client may know. Default: the body is aborted.
    #[must_use]
    pub fn tell_errors(mut self, tell: impl Fn(&BoxError) -> String + Send + Sync + 'static) -> Self {
        self.tell = Some(Box::new(tell));
        self
    }

    /// Counts its items, and how it ends. Default: not measured.
    #[must_use]
    pub fn measured(mut self, meter: &ItemsMeter) -> Self {
        self.counting = Counting::by(meter);
        self
    }

    /// A 200 response with this body and its content type. Events also say `cache-control: no-cache`, and
    /// `x-accel-buffering: no` to proxies that would hold them back.
    #[must_use]
    pub fn into_response(self) -> Response<Self> {
        let content_type = self.format.content_type();
        let is_live = content_type == "text/event-stream";
        let mut response = Response::new(self);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        if is_live {
            headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        }
        response
    }
}

impl<S, F, T, E> Body for Items<S, F>
where
    S: Stream<Item = Result<T, E>>,
    E: Into<BoxError>,
    F: Format<T> + Shape,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut this = self.project();
        let mut out = Vec::new();
        match std::mem::replace(this.state, State::Ended) {
            State::Ended => return Poll::Ready(None),
            State::Failing(error) => {
                // A server that is told at once would throw away what it has not sent yet.
                *this.state = State::Failed(error);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            State::Failed(error) => return Poll::Ready(Some(Err(error))),
            State::New => out.extend_from_slice(this.format.begin()),
            State::Open => {}
        }
        *this.state = State::Open;
        while out.len() < *this.frame_bytes || out.is_empty() {
            match this.stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    let before = out.len();
                    let written = item.map_err(Into::into).and_then(|item| this.format.item(&item, &mut out));
                    if let Err(error) = written {
                        this.counting.failed();
                        out.truncate(before);
                        let told =
                            this.tell.as_ref().is_some_and(|tell| this.format.tell(&tell(&error), &mut out));
                        *this.state = if told { State::Ended } else { State::Failing(error) };
                        break;
                    }
                    this.counting.item();
                }
                Poll::Ready(None) => {
                    this.counting.whole();
                    out.extend_from_slice(this.format.end());
                    *this.state = State::Ended;
                    break;
                }
                Poll::Pending if !out.is_empty() => break,
                Poll::Pending if this.heartbeat.poll(cx).is_ready() => {
                    out.extend_from_slice(this.format.beat());
                    break;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        this.heartbeat.rest();
        if !out.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(out.into()))));
        }
        // Nothing came before the end.
        match std::mem::replace(this.state, State::Ended) {
            State::Failing(error) => Poll::Ready(Some(Err(error))),
            _ => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Ended)
    }
}

#[cfg(feature = "axum")]
impl<S, F, T, E> axum_core::response::IntoResponse for Items<S, F>
where
    S: Stream<Item = Result<T, E>> + Send + 'static,
    E: Into<BoxError> + 'static,
    F: Format<T> + Shape + Send + 'static,
    T: 'static,
{
    fn into_response(self) -> axum_core::response::Response {
        Self::into_response(self).map(axum_core::body::Body::new)
    }
}

impl<S, F: fmt::Debug> fmt::Debug for Items<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("format", &self.format)
            .field("frame_bytes", &self.frame_bytes)
            .finish_non_exhaustive()
    }
}
