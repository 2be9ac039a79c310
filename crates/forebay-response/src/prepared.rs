use crate::{Coding, validate::BodyTag, variants::Variant};
use bytes::{Buf, Bytes};
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use http_body_util::Full;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// A finished body that carries its encoded forms with it: the value to keep in a cache.
///
/// All clones share one body. The first response that needs a coding encodes it, once; from then on the layer
/// serves ready bytes, with a strong tag and an exact length, and answers `If-None-Match` without looking at
/// the body. A service without a [`ResponseLayer`](crate::ResponseLayer) sends the plain body.
///
/// Through serde it is its content type and its plain bytes; the encoded forms are made anew where it arrives,
/// so it can be kept in a remote tier.
///
/// ```
/// use forebay_response::Prepared;
/// let prepared = Prepared::json(r#"{"answer":42}"#);
/// let response = prepared.clone().into_response(); // a clone is one reference count
/// assert_eq!(response.headers()["content-type"], "application/json");
/// ```
#[derive(Clone)]
pub struct Prepared(Arc<Inner>);

struct Inner {
    content_type: HeaderValue,
    body: Bytes,
    /// Made when first asked for, like everything below: a value that is only stored costs nothing.
    identity: OnceLock<(BodyTag, Variant)>,
    /// By [`Coding::index`]; an empty option is a form that is no shorter than the body.
    encoded: [OnceLock<Option<Variant>>; Coding::ALL.len()],
    /// What takes their place once they were sent often.
    better: [OnceLock<Variant>; Coding::ALL.len()],
    /// How often each was sent, until that is often enough.
    sent: [AtomicU32; Coding::ALL.len()],
}

impl Prepared {
    /// A body of the given content type.
    #[must_use]
    pub fn new(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        let encoded = [const { OnceLock::new() }; Coding::ALL.len()];
        Self(Arc::new(Inner {
            content_type,
            body: body.into(),
            identity: OnceLock::new(),
            encoded,
            better: [const { OnceLock::new() }; Coding::ALL.len()],
            sent: [const { AtomicU32::new(0) }; Coding::ALL.len()],
        }))
    }

    /// A body that is JSON text already, such as what `serde_json::to_vec` returns.
    #[must_use]
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self::new(HeaderValue::from_static("application/json"), body)
    }

    /// The value of `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> &HeaderValue {
        &self.0.content_type
    }

    /// The plain bytes.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// The bytes of memory held now, encoded forms included: for a cache that weighs its entries.
    #[must_use]
    pub fn bytes_held(&self) -> usize {
        let encoded = self.0.encoded.iter().filter_map(|slot| slot.get()?.as_ref());
        let encoded = encoded.chain(self.0.better.iter().filter_map(OnceLock::get));
        self.0.body.len() + encoded.map(|variant| variant.body.len()).sum::<usize>()
    }

    /// A 200 response with this body. Status and headers can be changed; a layer that replaces the body is
    /// noticed, and its body is then treated like any other.
    #[must_use]
    pub fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.0.body.clone()));
        response.headers_mut().insert(CONTENT_TYPE, self.0.content_type.clone());
        response.extensions_mut().insert(self);
        response
    }

    /// Whether a frame of a body is this body and no copy or other text: compared by address, so it costs
    /// nothing and cannot be fooled.
    pub(crate) fn is_whole_frame(&self, frame: &impl Buf) -> bool {
        let body = &self.0.body;
        frame.remaining() == body.len() && std::ptr::eq(frame.chunk(), &**body)
    }

    pub(crate) fn tag(&self) -> BodyTag {
        self.named().0
    }

    pub(crate) fn identity(&self) -> &Variant {
        &self.named().1
    }

    /// The body in a coding, and whether it was ready; no form when it would be no shorter. Simultaneous first
    /// calls encode once.
    pub(crate) fn variant(
        &self,
        coding: Coding,
        level: u32,
        encode: impl FnOnce(&Bytes) -> Option<Bytes>,
    ) -> (Option<&Variant>, bool) {
        let slot = &self.0.encoded[coding.index()];
        let mut ready = true;
        let variant = slot.get_or_init(|| {
            ready = false;
            encode(&self.0.body).map(|body| Variant::encoded(body, self.tag(), coding, level))
        });
        (variant.as_ref(), ready)
    }

    /// The form in this coding, if it was made before; inside of it nothing when it was no shorter.
    #[expect(clippy::option_option, reason = "made, tried in vain, or neither")]
    pub(crate) fn known(&self, coding: Coding) -> Option<Option<&Variant>> {
        let first = self.0.encoded[coding.index()].get()?.as_ref();
        Some(first.map(|first| self.0.better[coding.index()].get().unwrap_or(first)))
    }

    /// Counts a response, and says of one whether they have become many.
    pub(crate) fn is_hot(&self, coding: Coding, hits: u32) -> bool {
        let sent = &self.0.sent[coding.index()];
        sent.load(Ordering::Relaxed) < hits && sent.fetch_add(1, Ordering::Relaxed) + 1 == hits
    }

    /// Begins to count anew.
    pub(crate) fn cool(&self, coding: Coding) {
        self.0.sent[coding.index()].store(0, Ordering::Relaxed);
    }

    /// Puts a shorter form in the place of the first; whether it is shorter. The body it is made from never changes,
    /// and so its tag keeps its base.
    pub(crate) fn upgrade(
        &self,
        coding: Coding,
        level: u32,
        encode: impl FnOnce(&Bytes) -> Option<Bytes>,
    ) -> bool {
        let Some(Some(first)) = self.known(coding) else { return false };
        match encode(&self.0.body).filter(|better| better.len() < first.body.len()) {
            Some(better) => {
                let better = Variant::encoded(better, self.tag(), coding, level);
                self.0.better[coding.index()].set(better).is_ok()
            }
            None => false,
        }
    }

    fn named(&self) -> &(BodyTag, Variant) {
        self.0.identity.get_or_init(|| {
            let tag = BodyTag::of(Some(&self.0.content_type), &self.0.body);
            (tag, Variant::identity(self.0.body.clone(), tag))
        })
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for Prepared {
    fn into_response(self) -> axum_core::response::Response {
        Self::into_response(self).map(axum_core::body::Body::new)
    }
}

impl PartialEq for Prepared {
    /// The same content type and the same bytes.
    fn eq(&self, other: &Self) -> bool {
        self.0.content_type == other.0.content_type && self.0.body == other.0.body
    }
}

impl Eq for Prepared {}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content_type = &self.0.content_type;
        f.debug_struct("Prepared")
            .field("content_type", content_type)
            .field("bytes", &self.0.body.len())
            .finish_non_exhaustive()
    }
}

/// The stored form.
#[derive(Serialize, Deserialize)]
struct Stored<T> {
    content_type: T,
    body: Bytes,
}

impl Serialize for Prepared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let content_type = self.0.content_type.to_str().map_err(serde::ser::Error::custom)?;
        Stored { content_type, body: self.0.body.clone() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Prepared {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Stored { content_type, body } = Stored::<String>::deserialize(deserializer)?;
        Ok(Self::new(HeaderValue::try_from(content_type).map_err(D::Error::custom)?, body))
    }
}
