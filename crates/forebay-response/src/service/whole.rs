use super::{
    asked::{Asked, Kind},
    body::Ready,
    decide::{Plan, mark_encoded},
    gather::Whole,
    layer::Shared,
};
use crate::{
    Coding, Eligible, Prepared,
    encode::Growth,
    metrics::{Skip, Source},
    validate::BodyTag,
    variants::{Key, Known, Variant},
};
use bytes::Bytes;
use http::{
    HeaderValue, Response,
    header::{CONTENT_LENGTH, ETAG},
    response::Parts,
};
use std::time::Instant;

/// The encoded form of a body as it will be sent.
struct Encoded {
    body: Bytes,
    content_length: HeaderValue,
    /// Its strong tag, when one was made.
    etag: Option<HeaderValue>,
}

impl From<Variant> for Encoded {
    fn from(variant: Variant) -> Self {
        Self { body: variant.body, content_length: variant.content_length, etag: Some(variant.etag) }
    }
}

impl From<Bytes> for Encoded {
    fn from(body: Bytes) -> Self {
        Self { content_length: HeaderValue::from(body.len()), body, etag: None }
    }
}

impl<E: Eligible> Shared<E> {
    /// Whether answering may take long enough to keep other requests waiting.
    pub(super) fn is_long_work(&self, plan: Plan, whole: &Whole) -> bool {
        let ready = |coding| whole.prepared.as_ref().is_some_and(|prepared| prepared.has_tried(coding));
        whole.data.len() as u64 > self.config.inline_bytes_max
            && plan.coding.is_some_and(|coding| !ready(coding))
    }

    /// Answers with a body that is all here: not at all (304), encoded, or as it is.
    pub(super) fn whole(&self, asked: &Asked, mut parts: Parts, plan: Plan, whole: Whole) -> Response<Ready> {
        let Whole { data, trailers, prepared } = whole;
        let content_type = parts.headers.get(http::header::CONTENT_TYPE);
        // Also the key of the store, so it can be of use where no tag is sent.
        let tag = match &prepared {
            Some(prepared) => Some(prepared.tag()),
            None if plan.tag || (plan.keep && plan.coding.is_some() && self.variants.is_some()) => {
                Some(BodyTag::of(content_type, &data))
            }
            None => None,
        };
        if let Some(tag) = tag.filter(|_| plan.tag)
            && let Some(listed) = asked.conditional.has_body(tag, &asked.accepts, &self.config.codings)
        {
            return self.not_modified(parts, Some(listed));
        }
        let length = data.len();
        let encoded = self.encode(asked, plan, &data, tag, prepared.as_ref());
        let headers = &mut parts.headers;
        let body = match encoded {
            Some((coding, encoded)) => {
                mark_encoded(headers, coding, plan.said);
                headers.insert(CONTENT_LENGTH, encoded.content_length);
                if let Some(etag) = encoded.etag.filter(|_| plan.tag) {
                    headers.insert(ETAG, etag);
                }
                self.watch.sent(Some(coding), length, encoded.body.len());
                encoded.body
            }
            None => {
                if let Some(tag) = tag.filter(|_| plan.tag) {
                    let etag = prepared.as_ref().map(|prepared| prepared.identity().etag.clone());
                    headers.insert(ETAG, etag.unwrap_or_else(|| tag.identity()));
                }
                if asked.method == Kind::Head {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
                }
                self.watch.sent(None, length, length);
                data
            }
        };
        match asked.method {
            Kind::Head => Response::from_parts(parts, Ready::Nothing),
            _ => Response::from_parts(parts, Ready::Whole(body, trailers)),
        }
    }

    fn encode(
        &self,
        asked: &Asked,
        plan: Plan,
        data: &Bytes,
        tag: Option<BodyTag>,
        prepared: Option<&Prepared>,
    ) -> Option<(Coding, Encoded)> {
        let coding = plan.coding?;
        if data.is_empty() {
            return None;
        }
        if !self.is_worth(asked, data.len() as u64) {
            self.watch.skipped(Skip::Small);
            return None;
        }
        let shorter = match (prepared, tag) {
            (Some(prepared), _) => self.of_prepared(prepared, coding),
            (None, Some(tag)) if plan.keep => self.of_store(data, tag, coding),
            _ => self.timed(coding, self.config.level(coding), data, Growth::Refused).map(Encoded::from),
        };
        let encoded = match shorter {
            None if !asked.accepts.allows_identity() => {
                self.timed(coding, self.config.level(coding), data, Growth::Allowed).map(Encoded::from)
            }
            shorter => shorter,
        };
        if encoded.is_none() {
            self.watch.skipped(Skip::NoGain);
        }
        Some((coding, encoded?))
    }

    fn of_prepared(&self, prepared: &Prepared, coding: Coding) -> Option<Encoded> {
        let level = self.config.prepared_level(coding);
        let (variant, ready) =
            prepared.variant(coding, level, |body| self.timed(coding, level, body, Growth::Refused));
        if ready && variant.is_some() {
            self.watch.ready(Source::Prepared);
        }
        variant.cloned().map(Encoded::from)
    }

    fn of_store(&self, data: &Bytes, tag: BodyTag, coding: Coding) -> Option<Encoded> {
        let level = self.config.level(coding);
        let encode = || {
            let body = self.timed(coding, level, data, Growth::Refused)?;
            Some(Variant::encoded(body, tag, coding, level))
        };
        let Some(variants) = &self.variants else { return encode().map(Encoded::from) };
        let key = Key { tag, length: data.len(), coding, level };
        match variants.get(&key, data) {
            Known::Variant(variant) => {
                self.watch.ready(Source::Store);
                Some(variant.into())
            }
            Known::NoGain => None,
            Known::Unknown => {
                let variant = encode();
                variants.put(key, data, variant.clone());
                variant.map(Encoded::from)
            }
        }
    }

    fn timed(&self, coding: Coding, level: u32, data: &[u8], growth: Growth) -> Option<Bytes> {
        let began = Instant::now();
        let encoded = self.encoders.encode(coding, level, data, growth);
        let sent = encoded.as_ref().map_or(data.len(), Bytes::len);
        self.watch.encoded(coding, data.len(), sent, began.elapsed());
        encoded
    }
}
