use super::{
    asked::Asked,
    body::{BoxError, Ready, ResponseBody},
    decide::{Plan, Step},
    gather::{Gather, Gathered, Whole},
    layer::Shared,
    mode::ResponseMode,
    observe::Watched,
    routes::RouteWatch,
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
        route: Arc<RouteWatch>,
        shared: Arc<Shared<E>>,
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Calling { #[pin] call: F },
        // Aside, because it is rare and large. Taken out when the body is here.
        Gathering { gathering: Option<Box<(Head, Gather<B>)>> },
        // A long body is encoded on another thread.
        Encoding { length: usize, work: JoinHandle<Response<Ready>> },
    }
}

/// What is known of a response whose body is being read.
struct Head {
    parts: Parts,
    plan: Plan,
    /// What is sent in any case, where the layer only observes.
    truth: Option<Parts>,
}

impl<F, B, E> ResponseFuture<F, B, E> {
    pub(crate) fn new(call: F, asked: Asked, route: Arc<RouteWatch>, shared: Arc<Shared<E>>) -> Self {
        Self { asked, route, shared, state: State::Calling { call } }
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
                    match this.shared.began(this.asked, response) {
                        Began::Answer(response) => {
                            match response.body().size_hint().exact() {
                                Some(length) => this.route.whole(response.status(), length, length),
                                None => this.route.begun(response.status()),
                            }
                            return Poll::Ready(Ok(response));
                        }
                        Began::Gather(head, mut gather) => match gather.poll(cx) {
                            // Most bodies are here already, and nothing has to be put aside.
                            Poll::Ready(gathered) => {
                                match this.shared.gathered(this.asked, this.route, head, gathered) {
                                    Next::Answer(answer) => return Poll::Ready(Ok(answer)),
                                    Next::Encoding(length, work) => {
                                        this.state.set(State::Encoding { length, work });
                                    }
                                }
                            }
                            Poll::Pending => {
                                let gathering = Some(Box::new((head, gather)));
                                this.state.set(State::Gathering { gathering });
                                return Poll::Pending;
                            }
                        },
                    }
                }
                StateProjection::Gathering { gathering } => {
                    let (_, gather) = gathering.as_deref_mut().expect("not polled after it was ready");
                    let gathered = ready!(gather.poll(cx));
                    let (head, _) = *gathering.take().expect("just polled");
                    match this.shared.gathered(this.asked, this.route, head, gathered) {
                        Next::Answer(answer) => return Poll::Ready(Ok(answer)),
                        Next::Encoding(length, work) => this.state.set(State::Encoding { length, work }),
                    }
                }
                StateProjection::Encoding { length, work } => {
                    return match ready!(Pin::new(work).poll(cx)) {
                        Ok(answer) => Poll::Ready(Ok(measured(this.route, *length, answer))),
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
enum Next<B> {
    Answer(Response<ResponseBody<B>>),
    Encoding(usize, JoinHandle<Response<Ready>>),
}

/// What follows from the head of a response.
enum Began<B> {
    Answer(Response<ResponseBody<B>>),
    Gather(Head, Gather<B>),
}

/// Measures an answer whose body is all here, and gives it.
fn measured<B>(route: &RouteWatch, length: usize, answer: Response<Ready>) -> Response<ResponseBody<B>> {
    let sent = match answer.body() {
        Ready::Nothing => 0,
        Ready::Whole(data, _) => data.len(),
    };
    route.whole(answer.status(), length as u64, sent as u64);
    answer.map(ResponseBody::from)
}

impl<E: Eligible> Shared<E> {
    fn began<B>(&self, asked: &Asked, response: Response<B>) -> Began<B>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        match self.mode.get() {
            ResponseMode::On => match self.begin(asked, response) {
                Step::Answer(response) => Began::Answer(response),
                Step::Gather(parts, plan, gather) => Began::Gather(Head { parts, plan, truth: None }, gather),
            },
            ResponseMode::Off => Began::Answer(response.map(ResponseBody::plain)),
            ResponseMode::Observe => match self.watched(asked, response) {
                Watched::Answer(response) => Began::Answer(response),
                Watched::Gather(truth, (parts, plan), gather) => {
                    Began::Gather(Head { parts, plan, truth: Some(truth) }, gather)
                }
            },
        }
    }

    fn finish(&self, asked: &Asked, head: Head, whole: Whole) -> Response<Ready> {
        let Head { parts, plan, truth } = head;
        match truth {
            Some(truth) => self.observe(asked, truth, (parts, plan), whole),
            None => self.whole(asked, parts, plan, whole),
        }
    }

    fn gathered<B>(
        self: &Arc<Self>,
        asked: &Asked,
        route: &RouteWatch,
        head: Head,
        gathered: Gathered<B>,
    ) -> Next<B>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let whole = match gathered {
            Gathered::Whole(whole) => whole,
            Gathered::Unfinished(rest) => {
                route.begun(head.parts.status);
                let Head { parts, plan, truth } = head;
                return Next::Answer(match truth {
                    Some(truth) => Response::from_parts(truth, ResponseBody::rest(rest)),
                    None => self.unfinished(asked, parts, plan, rest),
                });
            }
        };
        let length = whole.data.len();
        if self.is_long_work(head.plan, &whole)
            && let Ok(runtime) = Handle::try_current()
        {
            let (shared, asked) = (Arc::clone(self), asked.clone());
            let work = runtime.spawn_blocking(move || shared.finish(&asked, head, whole));
            return Next::Encoding(length, work);
        }
        Next::Answer(measured(route, length, self.finish(asked, head, whole)))
    }
}

impl<F, B, E> fmt::Debug for ResponseFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("asked", &self.asked).finish_non_exhaustive()
    }
}
