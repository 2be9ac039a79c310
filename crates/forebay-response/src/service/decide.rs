use super::{
    asked::{Asked, Kind},
    body::{BoxError, Ready, ResponseBody, Unfinished},
    effort::{Effort, Work},
    gather::Gather,
    layer::Shared,
    said::Said,
    stream::{EncodedStream, Flush},
};
use crate::{
    Coding, Eligible, Prepared, SecretAndReflected,
    eligible::Boundary,
    encode::push_encoder,
    guarded::SEC_FETCH_SITE,
    merge_vary,
    metrics::Skip,
    validate::{Base, Outcome, drop_digests, not_modified, refused, weaken},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY},
    response::Parts,
};
use http_body::Body;
use std::{sync::Arc, time::Duration};

/// What follows from a response's head.
pub(crate) enum Step<B> {
    Answer(Response<ResponseBody<B>>),
    /// The body is worth reading first.
    Gather(Parts, Plan, Gather<B>),
}

/// What to do with a body once it is here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) coding: Option<Coding>,
    /// Whether it gets a tag made from its bytes.
    pub(crate) tag: bool,
    /// Whether its encoded form may be kept for the next request.
    pub(crate) keep: bool,
    /// Whether it is the whole answer to a read, of which parts may be sent.
    pub(crate) whole: bool,
    /// Whether its length must say little of its content.
    pub(crate) guarded: bool,
    /// Whether it is to be encoded, coding permitting.
    pub(crate) worth: Result<(), Skip>,
    pub(crate) said: Said,
}

/// A body that is encoded as it comes.
#[derive(Debug, Clone, Copy)]
struct Streamed {
    coding: Coding,
    said: Said,
    guarded: bool,
}

/// What the heads of request and response allow.
struct Verdict {
    coding: Result<Coding, Skip>,
    /// Whether another request could get this body in another coding.
    varies: bool,
    /// Whether preconditions and ranges apply.
    conditional: bool,
    /// Whether its length must say little of its content.
    guarded: bool,
}

impl<E: Eligible> Shared<E> {
    /// Decides by the heads; the body is not touched.
    pub(crate) fn begin<B>(&self, asked: &Asked, response: Response<B>) -> Step<B>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (mut parts, body) = response.into_parts();
        let prepared = parts.extensions.remove::<Prepared>();
        let said = Said::by(&parts.headers);
        let verdict = self.judge(asked, &parts, said, prepared.is_some());
        vary(&mut parts.headers, &verdict, said);
        let length = body.size_hint().exact();
        let held = length.is_some_and(|length| length > 0 && length <= self.config.buffer_bytes_max);
        let tag = self.config.etag && verdict.conditional && !said.no_store && !said.etag;
        // Where the body's own tag decides, it must be here first.
        if verdict.conditional && !(tag && held && asked.asks_for_a_tag()) {
            let absent = asked.method == Kind::Head && length == Some(0) && !said.etag;
            let etag = parts.headers.get(ETAG);
            let base = if absent { Base::Unknown } else { Base::own(etag) };
            let outcome = asked.judge(&parts.headers, base, &self.config);
            if outcome != Outcome::Go {
                return Step::Answer(self.unmet(asked, parts, outcome).map(ResponseBody::from));
            }
        }
        let Some(length) = length.filter(|_| held) else {
            return Step::Answer(match length {
                Some(0) => self.empty(asked, parts, body, &verdict),
                _ => self.unheld(asked, parts, body, &verdict, said),
            });
        };
        let coding = verdict.coding.inspect_err(|&skip| self.watch.skipped(skip)).ok();
        let ranged = asked.range.is_some() && verdict.conditional;
        let prepared = prepared.filter(|prepared| prepared.body().len() as u64 == length);
        let worth = match (coding, &prepared) {
            (Some(coding), Some(prepared)) if prepared.known(coding).is_some() => Ok(()),
            (Some(coding), _) => self.is_worth(asked, parts.headers.get(CONTENT_TYPE), coding, length),
            (None, _) => Err(Skip::NotAccepted),
        };
        if !(tag || ranged || prepared.is_some() || worth.is_ok() || self.is_digested(asked, &verdict)) {
            if let (Some(_), Err(skip)) = (coding, worth) {
                self.watch.skipped(skip);
            }
            return Step::Answer(Response::from_parts(parts, ResponseBody::plain(body)));
        }
        let keep = asked.is_read() && !said.no_store && !verdict.guarded;
        let whole = verdict.conditional;
        let plan = Plan { coding, tag, keep, whole, guarded: verdict.guarded, worth, said };
        // Whoever insists on a state can only be answered when it is known.
        let insists = tag && asked.conditions.as_ref().is_some_and(|conditions| conditions.guard_a_change());
        let wait = if insists { Duration::MAX } else { self.config.buffer_wait };
        Step::Gather(parts, plan, Gather::new(body, prepared, self.config.buffer_bytes_max, wait))
    }

    /// Answers with a body that is not to be held in memory.
    fn unheld<B>(
        &self,
        asked: &Asked,
        parts: Parts,
        body: B,
        verdict: &Verdict,
        said: Said,
    ) -> Response<ResponseBody<B>> {
        let coding = verdict.coding.inspect_err(|&skip| self.watch.skipped(skip)).ok();
        match coding.filter(|_| self.streams()) {
            Some(coding) => {
                let of = Streamed { coding, said, guarded: verdict.guarded };
                self.stream(asked, parts, of, Unfinished::new(body))
            }
            None => Response::from_parts(parts, ResponseBody::plain(body)),
        }
    }

    /// Answers with a body that did not come to its end in time.
    pub(crate) fn unfinished<B>(
        &self,
        asked: &Asked,
        parts: Parts,
        plan: Plan,
        rest: Unfinished<B>,
    ) -> Response<ResponseBody<B>> {
        match plan.coding.filter(|_| plan.worth.is_ok() && self.streams()) {
            Some(coding) => {
                let of = Streamed { coding, said: plan.said, guarded: plan.guarded };
                self.stream(asked, parts, of, rest)
            }
            None => Response::from_parts(parts, ResponseBody::rest(rest)),
        }
    }

    /// Answers a request whose preconditions leave nothing to send: 304 or 412.
    pub(crate) fn unmet(&self, asked: &Asked, mut parts: Parts, outcome: Outcome) -> Response<Ready> {
        if let Outcome::NotModified(etag) = outcome {
            self.watch.not_modified();
            not_modified(&mut parts, etag);
            return Response::from_parts(parts, Ready::Nothing);
        }
        self.watch.precondition_failed();
        refused(&mut parts, StatusCode::PRECONDITION_FAILED);
        match asked.method {
            Kind::Head => Response::from_parts(parts, Ready::Nothing),
            _ => Response::from_parts(parts, Ready::Whole(Bytes::new(), None)),
        }
    }

    fn judge(&self, asked: &Asked, parts: &Parts, said: Said, kept: bool) -> Verdict {
        let status = parts.status;
        if asked.method == Kind::Connect || status.is_informational() {
            return Verdict { coding: Err(Skip::Status), varies: false, conditional: false, guarded: false };
        }
        let guarded = parts.extensions.get::<SecretAndReflected>().is_some();
        let eligible = self.eligible.is_eligible(parts);
        let coding = match status {
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
                Err(Skip::Status)
            }
            StatusCode::PARTIAL_CONTENT => Err(Skip::Partial),
            _ if said.partial => Err(Skip::Partial),
            _ if said.encoded => Err(Skip::Encoded),
            _ if said.no_transform || asked.no_transform => Err(Skip::NoTransform),
            _ if !eligible => Err(Skip::Ineligible),
            _ if guarded && !asked.own_site => Err(Skip::Guarded),
            _ => self.choose(asked, kept && !guarded).ok_or(Skip::NotAccepted),
        };
        // A handler's own 304 need not name the type of the body it stands for.
        let untyped = status == StatusCode::NOT_MODIFIED && !said.typed;
        Verdict {
            coding,
            varies: !self.config.codings.is_empty()
                && !said.encoded
                && !said.no_transform
                && (eligible || untyped),
            conditional: asked.is_read() && status == StatusCode::OK,
            guarded,
        }
    }

    /// An answer without a body, or one to HEAD whose body the handler left out.
    fn empty<B>(
        &self,
        asked: &Asked,
        mut parts: Parts,
        body: B,
        verdict: &Verdict,
    ) -> Response<ResponseBody<B>> {
        self.watch.skipped(if asked.method == Kind::Head { Skip::Head } else { Skip::Status });
        let announced =
            parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if asked.method == Kind::Head
            && let (Ok(coding), Some(length)) = (verdict.coding, announced)
            && self.is_worth(asked, parts.headers.get(CONTENT_TYPE), coding, length).is_ok()
        {
            // GET would be encoded to a length, and under a tag, that nobody knows without the body.
            parts.headers.remove(CONTENT_LENGTH);
            drop_digests(&mut parts.headers);
            if let Some(etag) = parts.headers.get(ETAG) {
                let weak = weaken(etag);
                parts.headers.insert(ETAG, weak);
            }
            return Response::from_parts(parts, ResponseBody::nothing());
        }
        Response::from_parts(parts, ResponseBody::plain(body))
    }

    /// Whether a body is to be read for the sake of a digest.
    #[cfg(feature = "digest")]
    fn is_digested(&self, asked: &Asked, verdict: &Verdict) -> bool {
        asked.digests.any() && verdict.conditional
    }

    #[cfg(not(feature = "digest"))]
    fn is_digested(&self, _: &Asked, _: &Verdict) -> bool {
        false
    }

    fn streams(&self) -> bool {
        if !self.config.streams {
            self.watch.skipped(Skip::Stream);
        }
        self.config.streams
    }

    fn stream<B>(
        &self,
        asked: &Asked,
        mut parts: Parts,
        of: Streamed,
        source: Unfinished<B>,
    ) -> Response<ResponseBody<B>> {
        let content_type = parts.headers.get(CONTENT_TYPE);
        let work = Work { coding: of.coding, length: 0, prepared: false };
        let Some(Effort { coding, level, .. }) = self.effort(asked, content_type, work) else {
            self.watch.skipped(Skip::Budget);
            return Response::from_parts(parts, ResponseBody::rest(source));
        };
        let Some(encoder) = push_encoder(coding, level) else {
            return Response::from_parts(parts, ResponseBody::rest(source));
        };
        let boundary = Boundary::of(content_type);
        mark_encoded(&mut parts.headers, coding, of.said);
        parts.headers.remove(CONTENT_LENGTH);
        if asked.method == Kind::Head {
            return Response::from_parts(parts, ResponseBody::nothing());
        }
        self.watch.stream(coding);
        let flush =
            Flush { after: self.config.flush_after, bytes: self.config.flush_bytes, padded: of.guarded };
        let stream = EncodedStream::new(source, encoder, boundary, flush, Arc::clone(&self.budget));
        Response::from_parts(parts, ResponseBody::stream(stream))
    }
}

/// Says on what the choice of the form depended, for caches.
fn vary(headers: &mut HeaderMap, verdict: &Verdict, said: Said) {
    if !verdict.varies {
        return;
    }
    if said.vary {
        merge_vary(headers, &ACCEPT_ENCODING);
    } else {
        headers.insert(VARY, HeaderValue::from_name(ACCEPT_ENCODING));
    }
    if verdict.guarded {
        merge_vary(headers, &SEC_FETCH_SITE);
    }
}

/// Says in which coding the body is, and no longer what was true only of the plain one.
pub(super) fn mark_encoded(headers: &mut HeaderMap, coding: Coding, said: Said) {
    headers.insert(CONTENT_ENCODING, coding.header_value());
    if said.of_plain {
        headers.remove(ACCEPT_RANGES);
        drop_digests(headers);
    }
    if let Some(etag) = headers.get(ETAG).filter(|_| said.etag) {
        let weak = weaken(etag);
        headers.insert(ETAG, weak);
    }
}
