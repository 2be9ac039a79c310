use super::{DecodeError, chain::advice};
use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCEPT_ENCODING, CACHE_CONTROL},
};
use http_body::Body;
use http_body_util::{Either, Empty};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

pin_project! {
    /// The response of a [`RequestDecodingService`](crate::RequestDecodingService).
    #[derive(Debug)]
    pub struct RequestDecodingFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Refused { error: DecodeError },
        // The reason for which the body could not be read, where it is decoded at all.
        Calling { #[pin] call: F, failed: Option<Arc<OnceLock<DecodeError>>> },
    }
}

impl<F> RequestDecodingFuture<F> {
    pub(super) fn refuse(error: DecodeError) -> Self {
        Self { state: State::Refused { error } }
    }

    pub(super) fn plain(call: F) -> Self {
        Self { state: State::Calling { call, failed: None } }
    }

    pub(super) fn decoding(call: F, failed: Arc<OnceLock<DecodeError>>) -> Self {
        Self { state: State::Calling { call, failed: Some(failed) } }
    }
}

impl<F, Sent, Failure> Future for RequestDecodingFuture<F>
where
    F: Future<Output = Result<Response<Sent>, Failure>>,
    Sent: Body,
{
    type Output = Result<Response<Either<Sent, Empty<Sent::Data>>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Refused { error } => Poll::Ready(Ok(refusal(error))),
            StateProjection::Calling { call, failed } => {
                let result = ready!(call.poll(cx));
                Poll::Ready(match failed.as_ref().and_then(|failed| failed.get()) {
                    Some(error) => Ok(refusal(error)),
                    None => result.map(|response| response.map(Either::Left)),
                })
            }
        }
    }
}

fn refusal<Sent: Body>(error: &DecodeError) -> Response<Either<Sent, Empty<Sent::Data>>> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = error.status();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if error.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        response.headers_mut().insert(ACCEPT_ENCODING, advice());
    }
    response
}
