use super::{
    asked::Asked,
    body::{BoxError, Ready, ResponseBody},
    decide::{Plan, Step},
    gather::{Gather, Gathered},
    layer::Shared,
};
use crate::Eligible;
use http::{Response, response::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    panic::resume_unwind,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{runtime::Handle, task::JoinHandle};

pin_project! {
    /// The response of a [`ResponseService`](crate::ResponseService).
    ///
    /// Dropping it drops the inner future or the body it is reading. Of what it began, only the encoding of a long
    /// body on another thread goes on to its end.
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
        // A long body is encoded on another thread.
        Encoding { work: JoinHandle<Response<Ready>> },
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
                        Step::Gather(parts, plan, mut gather) => match gather.poll(cx) {
                            // Most bodies are here already, and nothing has to be put aside.
                            Poll::Ready(gathered) => {
                                match this.shared.gathered(this.asked, parts, plan, gathered) {
                                    Next::Answer(answer) => return Poll::Ready(Ok(answer)),
                                    Next::Encoding(work) => this.state.set(State::Encoding { work }),
                                }
                            }
                            Poll::Pending => {
                                this.state.set(State::Gathering { head: Some((parts, plan)), gather });
                                return Poll::Pending;
                            }
                        },
                    }
                }
                StateProjection::Gathering { head, gather } => {
                    let gathered = ready!(gather.poll(cx));
                    let (parts, plan) = head.take().expect("not polled after it was ready");
                    match this.shared.gathered(this.asked, parts, plan, gathered) {
                        Next::Answer(answer) => return Poll::Ready(Ok(answer)),
                        Next::Encoding(work) => this.state.set(State::Encoding { work }),
                    }
                }
                StateProjection::Encoding { work } => {
                    return match ready!(Pin::new(work).poll(cx)) {
                        Ok(answer) => Poll::Ready(Ok(answer.map(ResponseBody::from))),
                        Err(failed) if failed.is_panic() => resume_unwind(failed.into_panic()),
                        // The runtime is being shut down, and this task with it.
                        Err(_) => Poll::Pending,
                    };
                }
            }
        }
    }
}

/// What becomes of a body that was read.
#[expect(
    clippy::large_enum_variant,
    reason = "an answer is what there mostly is; a box would cost every one of them"
)]
enum Next<B> {
    Answer(Response<ResponseBody<B>>),
    Encoding(JoinHandle<Response<Ready>>),
}

impl<E: Eligible> Shared<E> {
    fn gathered<B>(
        self: &Arc<Self>,
        asked: &Asked,
        parts: Parts,
        plan: Plan,
        gathered: Gathered<B>,
    ) -> Next<B>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let whole = match gathered {
            Gathered::Whole(whole) => whole,
            Gathered::Unfinished(rest) => return Next::Answer(self.unfinished(asked, parts, plan, rest)),
        };
        if self.is_long_work(plan, &whole)
            && let Ok(runtime) = Handle::try_current()
        {
            let (shared, asked) = (Arc::clone(self), asked.clone());
            return Next::Encoding(runtime.spawn_blocking(move || shared.whole(&asked, parts, plan, whole)));
        }
        Next::Answer(self.whole(asked, parts, plan, whole).map(ResponseBody::from))
    }
}

impl<F, B, E> fmt::Debug for ResponseFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("asked", &self.asked).finish_non_exhaustive()
    }
}
