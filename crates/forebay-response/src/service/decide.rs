use super::{
    asked::{Asked, Kind},
    body::{BoxError, Ready, ResponseBody, Unfinished},
    gather::Gather,
    layer::Shared,
    said::Said,
    stream::{EncodedStream, Flush},
};
use crate::{
    Coding, Eligible, Prepared,
    eligible::Boundary,
    encode::push_encoder,
    merge_vary,
    metrics::Skip,
    validate::{drop_digests, not_modified, weaken},
};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{
        ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED,
        VARY,
    },
    response::Parts,
};
use http_body::Body;

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
    /// The length it announced.
    length: u64,
    pub(crate) said: Said,
}

/// What the heads of request and response allow.
struct Verdict {
    coding: Result<Coding, Skip>,
    /// Whether another request could get this body in another coding.
    varies: bool,
    /// Whether preconditions apply.
    conditional: bool,
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
        if verdict.varies && said.vary {
            merge_vary(&mut parts.headers, &ACCEPT_ENCODING);
        } else if verdict.varies {
            parts.headers.insert(VARY, HeaderValue::from_name(ACCEPT_ENCODING));
        }
        if verdict.conditional
            && (said.etag || said.last_modified)
            && let Some(etag) = unmodified(asked, &parts.headers)
        {
            return Step::Answer(self.not_modified(parts, etag).map(ResponseBody::from));
        }
        let length = body.size_hint().exact();
        if length == Some(0) {
            return Step::Answer(self.empty(asked, parts, body, &verdict));
        }
        let tag = self.config.etag && verdict.conditional && !said.no_store && !said.etag;
        let coding = verdict.coding.inspect_err(|&skip| self.watch.skipped(skip)).ok();
        match length {
            Some(length) if length <= self.config.buffer_bytes_max => {
                let plan = Plan { coding, tag, keep: asked.is_read() && !said.no_store, length, said };
                let prepared = prepared.filter(|prepared| prepared.body().len() as u64 == length);
                if tag || prepared.is_some() || (coding.is_some() && self.is_worth(asked, length)) {
                    let (most, wait) = (self.config.buffer_bytes_max, self.config.buffer_wait);
                    let gather = Gather::new(body, prepared, most, wait);
                    return Step::Gather(parts, plan, gather);
                }
                if coding.is_some() {
                    self.watch.skipped(Skip::Small);
                }
                Step::Answer(Response::from_parts(parts, ResponseBody::plain(body)))
            }
            _ => Step::Answer(match coding.filter(|_| self.streams()) {
                Some(coding) => self.stream(asked, parts, coding, said, Unfinished::new(body)),
                None => Response::from_parts(parts, ResponseBody::plain(body)),
            }),
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
        match plan.coding.filter(|_| self.is_worth(asked, plan.length) && self.streams()) {
            Some(coding) => self.stream(asked, parts, coding, plan.said, rest),
            None => Response::from_parts(parts, ResponseBody::rest(rest)),
        }
    }

    pub(crate) fn not_modified(&self, mut parts: Parts, etag: Option<HeaderValue>) -> Response<Ready> {
        self.watch.not_modified();
        not_modified(&mut parts, etag);
        Response::from_parts(parts, Ready::Nothing)
    }

    /// Whether a body of this length is to be encoded, coding permitting.
    pub(crate) fn is_worth(&self, asked: &Asked, length: u64) -> bool {
        length >= self.config.min_bytes || !asked.accepts.allows_identity()
    }

    fn judge(&self, asked: &Asked, parts: &Parts, said: Said, kept: bool) -> Verdict {
        let status = parts.status;
        if asked.method == Kind::Connect || status.is_informational() {
            return Verdict { coding: Err(Skip::Status), varies: false, conditional: false };
        }
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
            _ => self.choose(asked, kept).ok_or(Skip::NotAccepted),
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
            && verdict.coding.is_ok()
            && announced.is_some_and(|length| self.is_worth(asked, length))
        {
            // GET would be encoded to a length that nobody knows without the body.
            parts.headers.remove(CONTENT_LENGTH);
            return Response::from_parts(parts, ResponseBody::nothing());
        }
        Response::from_parts(parts, ResponseBody::plain(body))
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
        coding: Coding,
        said: Said,
        source: Unfinished<B>,
    ) -> Response<ResponseBody<B>> {
        let Some(encoder) = push_encoder(coding, self.config.level(coding)) else {
            return Response::from_parts(parts, ResponseBody::rest(source));
        };
        let boundary = Boundary::of(parts.headers.get(CONTENT_TYPE));
        mark_encoded(&mut parts.headers, coding, said);
        parts.headers.remove(CONTENT_LENGTH);
        if asked.method == Kind::Head {
            return Response::from_parts(parts, ResponseBody::nothing());
        }
        self.watch.stream(coding);
        let flush = Flush { after: self.config.flush_after, bytes: self.config.flush_bytes };
        let stream = EncodedStream::new(source, encoder, boundary, flush);
        Response::from_parts(parts, ResponseBody::stream(stream))
    }
}

/// The tag a 304 carries, when the handler's own validators say that the client's copy is current. The outer
/// option is the answer to "is it".
#[expect(clippy::option_option, reason = "not modified with a tag, not modified without one, or modified")]
fn unmodified(asked: &Asked, headers: &HeaderMap) -> Option<Option<HeaderValue>> {
    let etag = headers.get(ETAG);
    if let Some(listed) = etag.and_then(|etag| asked.conditional.has(etag)) {
        return Some(Some(listed));
    }
    let last_modified = headers.get(LAST_MODIFIED)?;
    asked.conditional.is_unmodified_since(last_modified).then(|| etag.cloned())
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
