use super::{
    asked::{Asked, Kind},
    body::Ready,
    decide::{Plan, mark_encoded},
    effort::{Effort, Work},
    gather::Whole,
    layer::Shared,
};
use crate::{
    Coding, Eligible, Prepared,
    encode::Growth,
    metrics::{ReadyFrom, Skip},
    range::Cut,
    validate::{Base, BodyTag, Form, Outcome, own_variant, weaken},
    variants::{Key, Known, Variant},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response,
    header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_TYPE, ETAG},
    response::Parts,
};

/// The encoded form of a body as it will be sent.
struct Encoded {
    body: Bytes,
    content_length: HeaderValue,
    level: u32,
    /// Its strong tag, when its bytes are settled.
    etag: Option<HeaderValue>,
}

/// A body that is all here.
#[derive(Clone, Copy)]
struct Source<'a> {
    data: &'a Bytes,
    tag: Option<BodyTag>,
    prepared: Option<&'a Prepared>,
}

impl Encoded {
    /// One that may be kept and is the same for everybody.
    fn settled(variant: Variant) -> Self {
        let Variant { body, content_length, etag, level } = variant;
        Self { body, content_length, level, etag: Some(etag) }
    }

    /// One that was made for this response.
    fn once(body: Bytes, level: u32) -> Self {
        Self { content_length: HeaderValue::from(body.len()), body, level, etag: None }
    }
}

impl<E: Eligible> Shared<E> {
    /// Whether answering may take long enough to keep other requests waiting.
    pub(super) fn is_long_work(&self, plan: Plan, whole: &Whole) -> bool {
        let ready = |coding| whole.prepared.as_ref().is_some_and(|prepared| prepared.known(coding).is_some());
        whole.data.len() as u64 > self.config.inline_bytes_max
            && plan.coding.is_some_and(|coding| !ready(coding))
    }

    /// Answers with a body that is all here: not at all (304, 412), a part of it, encoded, or as it is.
    pub(super) fn whole(&self, asked: &Asked, mut parts: Parts, plan: Plan, whole: Whole) -> Response<Ready> {
        let Whole { data, trailers, prepared } = whole;
        let content_type = parts.headers.get(CONTENT_TYPE);
        // Also the key of the store, so it can be of use where no tag is sent.
        let tag = match &prepared {
            Some(prepared) => Some(prepared.tag()),
            None if plan.tag || (plan.keep && plan.coding.is_some() && self.variants.is_some()) => {
                Some(BodyTag::of(content_type, &data))
            }
            None => None,
        };
        if let Some(tag) = tag.filter(|_| plan.tag && asked.conditions.is_some()) {
            let outcome = asked.judge(&parts.headers, Base::Body(tag), &self.config);
            if outcome != Outcome::Go {
                return self.unmet(asked, parts, outcome);
            }
        }
        let base = match tag.filter(|_| plan.tag) {
            Some(tag) => Base::Body(tag),
            None => Base::own(parts.headers.get(ETAG).filter(|_| plan.said.etag)),
        };
        let plan = self.with_form_of_range(asked, plan, base);
        let source = Source { data: &data, tag, prepared: prepared.as_ref().filter(|_| !plan.guarded) };
        let encoded = self.encode(asked, plan, parts.headers.get(CONTENT_TYPE), source);
        let headers = &mut parts.headers;
        let length = data.len();
        let (coding, body, settled) = match encoded {
            Some((coding, encoded)) => {
                let settled = encoded.etag.is_some();
                let body = name_encoded(headers, plan, coding, encoded, tag);
                (Some(coding), body, settled)
            }
            None => {
                if let Some(tag) = tag.filter(|_| plan.tag) {
                    let etag = prepared.as_ref().map(|prepared| prepared.identity().etag.clone());
                    headers.insert(ETAG, etag.unwrap_or_else(|| tag.identity()));
                }
                if asked.method == Kind::Head {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
                }
                (None, data, true)
            }
        };
        let (body, cut) = self.cut(asked, &mut parts, plan, &body, settled);
        self.watch.sent(coding, if cut == Cut::Nothing { length } else { body.len() }, body.len());
        match (asked.method, cut) {
            (Kind::Head, _) => Response::from_parts(parts, Ready::Nothing),
            (_, Cut::Nothing) => Response::from_parts(parts, Ready::Whole(body, trailers)),
            // They speak of the whole body.
            _ => Response::from_parts(parts, Ready::Whole(body, None)),
        }
    }

    /// Takes the form of which the client has a part already, so that the parts fit together.
    fn with_form_of_range(&self, asked: &Asked, mut plan: Plan, base: Base<'_>) -> Plan {
        match asked.range.as_ref().filter(|_| plan.whole).and_then(|range| range.form(base)) {
            Some(Form::Identity) if asked.accepts.allows_identity() => plan.coding = None,
            Some(Form::Encoded(coding))
                if plan.coding.is_some()
                    && asked.accepts.allows(coding)
                    && self.config.codings.contains(&coding) =>
            {
                plan.coding = Some(coding);
            }
            _ => {}
        }
        plan
    }

    /// Sends less than the whole where that was asked for, says what is on offer, and signs for what is sent.
    fn cut(
        &self,
        asked: &Asked,
        parts: &mut Parts,
        plan: Plan,
        whole: &Bytes,
        settled: bool,
    ) -> (Bytes, Cut) {
        let mut body = whole.clone();
        let mut cut = Cut::Nothing;
        if plan.whole && settled && self.config.range_count_max > 0 && !plan.said.no_ranges {
            parts.headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            if let Some(range) = &asked.range {
                cut = range.cut(parts, &mut body);
                self.watch.range(cut);
            }
        }
        #[cfg(feature = "digest")]
        if plan.whole && cut != Cut::All {
            asked.digests.add(&mut parts.headers, whole, &body);
        }
        (body, cut)
    }

    fn encode(
        &self,
        asked: &Asked,
        plan: Plan,
        content_type: Option<&HeaderValue>,
        source: Source<'_>,
    ) -> Option<(Coding, Encoded)> {
        let (coding, data) = (plan.coding?, source.data);
        if data.is_empty() {
            return None;
        }
        if let Err(skip) = plan.worth {
            self.watch.skipped(skip);
            return None;
        }
        let work = Work { coding, length: data.len() as u64, prepared: source.prepared.is_some() };
        let (effort, shorter) = match self.ready(plan, source, coding) {
            Some(ready) => (self.usual(asked, content_type, work), ready),
            None => {
                let Some(effort) = self.effort(asked, content_type, work) else {
                    self.watch.skipped(Skip::Budget);
                    return None;
                };
                (effort, self.make(plan, source, effort))
            }
        };
        let encoded = match shorter {
            None if !asked.accepts.allows_identity() => self.once(effort, data, Growth::Allowed),
            shorter => shorter,
        };
        if encoded.is_none() {
            self.watch.skipped(Skip::NoGain);
        }
        Some((effort.coding, encoded?))
    }

    /// The form that was made before; inside of it nothing when it was no shorter.
    #[expect(clippy::option_option, reason = "made, tried in vain, or neither")]
    fn ready(&self, plan: Plan, source: Source<'_>, coding: Coding) -> Option<Option<Encoded>> {
        match (source.prepared, source.tag) {
            _ if plan.guarded => None,
            (Some(prepared), _) => {
                let known = prepared.known(coding)?;
                if known.is_some() {
                    self.watch.ready(ReadyFrom::Prepared);
                    self.sent_prepared(prepared, coding);
                }
                Some(known.cloned().map(Encoded::settled))
            }
            (None, Some(tag)) if plan.keep => {
                let level = self.config.level(coding, source.data.len() as u64);
                self.stored(source.data, tag, coding, level)
            }
            _ => None,
        }
    }

    fn make(&self, plan: Plan, source: Source<'_>, effort: Effort) -> Option<Encoded> {
        let Source { data, tag, prepared } = source;
        match (prepared, tag) {
            _ if plan.guarded => Some(Encoded::once(self.timed_padded(effort, data)?, effort.level)),
            (Some(prepared), _) => {
                let Effort { coding, level, .. } = effort;
                let encode = |body: &Bytes| self.timed(effort, body, Growth::Refused);
                let (variant, ready) = prepared.variant(coding, level, encode);
                if ready && variant.is_some() {
                    self.watch.ready(ReadyFrom::Prepared);
                }
                variant.cloned().map(Encoded::settled)
            }
            (None, Some(tag)) if plan.keep => self.of_store(data, tag, effort),
            _ => self.once(effort, data, Growth::Refused),
        }
    }

    fn of_store(&self, data: &Bytes, tag: BodyTag, effort: Effort) -> Option<Encoded> {
        let Effort { coding, level, .. } = effort;
        if let Some(ready) = self.stored(data, tag, coding, level) {
            return ready;
        }
        let encoded = self.timed(effort, data, Growth::Refused);
        let variant = encoded.map(|body| Variant::encoded(body, tag, coding, level));
        if let Some(variants) = &self.variants {
            variants.put(Key { tag, length: data.len(), coding, level }, data, variant.clone());
        }
        variant.map(Encoded::settled)
    }

    #[expect(clippy::option_option, reason = "stored, known to be no shorter, or neither")]
    fn stored(&self, data: &Bytes, tag: BodyTag, coding: Coding, level: u32) -> Option<Option<Encoded>> {
        let key = Key { tag, length: data.len(), coding, level };
        match self.variants.as_ref()?.get(&key, data) {
            Known::Variant(variant) => {
                self.watch.ready(ReadyFrom::Store);
                self.sent_stored(&key, data);
                Some(Some(Encoded::settled(variant)))
            }
            Known::NoGain => Some(None),
            Known::Unknown => None,
        }
    }

    fn once(&self, effort: Effort, data: &[u8], growth: Growth) -> Option<Encoded> {
        Some(Encoded::once(self.timed(effort, data, growth)?, effort.level))
    }
}

/// Puts the headers of an encoded form in place, its tag among them: a strong one where its bytes are settled.
fn name_encoded(
    headers: &mut HeaderMap,
    plan: Plan,
    coding: Coding,
    encoded: Encoded,
    tag: Option<BodyTag>,
) -> Bytes {
    let own = headers.get(ETAG).filter(|_| plan.said.etag && plan.keep && encoded.etag.is_some());
    let own = own.map(|own| own_variant(own, coding, encoded.level));
    mark_encoded(headers, coding, plan.said);
    headers.insert(CONTENT_LENGTH, encoded.content_length);
    let etag = match (plan.tag, encoded.etag, tag) {
        (true, Some(settled), _) => Some(settled),
        (true, None, Some(tag)) => Some(weaken(&tag.identity())),
        _ => own,
    };
    if let Some(etag) = etag {
        headers.insert(ETAG, etag);
    }
    encoded.body
}
