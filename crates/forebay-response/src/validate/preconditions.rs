use super::{Conditions, Outcome, Unmet, Validators};
use crate::{AcceptEncoding, Coding};
use http::{HeaderMap, Method, Request};

/// What a request insists on before it is to be carried out (RFC 9110 section 13): `If-Match`,
/// `If-Unmodified-Since`, `If-None-Match`, `If-Modified-Since`.
///
/// The layer judges these itself for answers to GET and HEAD. A handler that changes something must judge them
/// **before** it does its work: it names the present state, and stops where the client knew another one. The
/// order is that of section 13.2.2, tags of `If-Match` are compared strongly, and every form in which the layer
/// sent the present state counts: a client that got it gzipped can still replace it.
///
/// With feature `axum` it is an extractor that never fails, and [`Unmet`] is a response:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use forebay_response::{Preconditions, Unmet, Validators};
/// use http::StatusCode;
///
/// async fn replace(preconditions: Preconditions, body: String) -> Result<(Validators, StatusCode), Unmet> {
///     let stored_revision = 7; // what the database says, best read under a lock of the row
///     preconditions.require()?; // 428 for clients that would overwrite blindly
///     preconditions.check(&Validators::new().etag(stored_revision))?; // 412 for those that know another state
///     // … write `body` as revision 8 …
///     Ok((Validators::new().etag(8), StatusCode::NO_CONTENT))
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::put(replace));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Preconditions {
    is_read: bool,
    conditions: Option<Conditions>,
    accepts: AcceptEncoding,
}

impl Preconditions {
    /// Reads them off a request.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::from_headers(request.method(), request.headers())
    }

    /// Reads them off a request's method and headers.
    #[must_use]
    pub fn from_headers(method: &Method, headers: &HeaderMap) -> Self {
        Self {
            is_read: matches!(*method, Method::GET | Method::HEAD),
            conditions: Conditions::from_headers(headers),
            accepts: AcceptEncoding::from_headers(headers),
        }
    }

    /// Compares them with the present state.
    ///
    /// # Errors
    /// [`Unmet::Failed`] (412) when the client insists on another state. [`Unmet::NotModified`] (304) when it
    /// only wants to read what it has already.
    pub fn check(&self, current: &Validators) -> Result<(), Unmet> {
        let Some(conditions) = &self.conditions else { return Ok(()) };
        let state = current.current();
        match conditions.judge(self.is_read, &state, &self.accepts, &Coding::ALL) {
            Outcome::Go => Ok(()),
            Outcome::Failed => Err(Unmet::Failed),
            Outcome::NotModified(etag) => {
                Err(Unmet::NotModified { etag, current: Box::new(current.clone()) })
            }
        }
    }

    /// Refuses a change by a client that does not say which state it knows, so that nobody overwrites what he
    /// has not seen.
    ///
    /// # Errors
    /// [`Unmet::Required`] (428, RFC 6585 section 3) without `If-Match` and without `If-Unmodified-Since`.
    /// `If-None-Match` says it as well: that nothing is there yet.
    pub fn require(&self) -> Result<(), Unmet> {
        let guarded = |it: &Conditions| it.guard_a_change() || it.ask_for_a_tag();
        if self.conditions.as_ref().is_some_and(guarded) { Ok(()) } else { Err(Unmet::Required) }
    }
}

#[cfg(feature = "axum")]
impl<S: Send + Sync> axum_core::extract::FromRequestParts<S> for Preconditions {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::from_headers(&parts.method, &parts.headers))
    }
}
