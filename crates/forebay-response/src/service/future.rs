use super::{
    asked::Asked,
    body::{BoxError, ResponseBody},
    decide::{Plan, Step},
    gather::Gather,
    layer::Shared,
};
use crate::Eligible;
use http::{Response, response::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The response of a [`ResponseService`](crate::ResponseService).
    ///
    /// Dropping it drops the inner future or the body it is reading; nothing else goes on.
    pub struct ResponseFuture<F, B, E> {
        asked: Asked,
        shared: Arc<Shared<E>>,
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Calling { #[pin] call: F },
        // The head is taken out when the body is here.
        Gathering { head: Option<(Parts, Plan)>, gather: Gather<B> },
    }
}

impl<F, B, E> ResponseFuture<F, B, E> {
    pub(crate) fn new(call: F, asked: Asked, shared: Arc<Shared<E>>) -> Self {
        Self { asked, shared, state: State::Calling { call } }
    }
}

impl<F, B, E, Failure> Future for ResponseFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, Failure>>,
    B: Body,
    B::Error: Into<BoxError>,
    E: Eligible,
{
    type Output = Result<Response<ResponseBody<B>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Calling { call } => {
                    let response = ready!(call.poll(cx))?;
                    match this.shared.begin(this.asked, response) {
                        Step::Answer(response) => return Poll::Ready(Ok(response)),
                        Step::Gather(parts, plan, gather) => {
                            this.state.set(State::Gathering { head: Some((parts, plan)), gather });
                        }
                    }
                }
                StateProjection::Gathering { head, gather } => {
                    let gathered = ready!(gather.poll(cx));
                    let (parts, plan) = head.take().expect("not polled after it was ready");
                    return Poll::Ready(Ok(this.shared.finish(this.asked, parts, plan, gathered)));
                }
            }
        }
    }
}

impl<F, B, E> fmt::Debug for ResponseFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("asked", &self.asked).finish_non_exhaustive()
    }
}
