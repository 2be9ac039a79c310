use crate::{cache_control::has_directive, validate::DIGESTS};
use http::{
    HeaderMap,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED,
        VARY,
    },
};

/// What a response's headers say that matters here, read in one pass: a look-up for each would cost more than
/// everything else the layer does for a body that is ready.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said {
    pub(crate) typed: bool,
    pub(crate) encoded: bool,
    pub(crate) partial: bool,
    pub(crate) no_transform: bool,
    pub(crate) no_store: bool,
    pub(crate) etag: bool,
    pub(crate) last_modified: bool,
    pub(crate) vary: bool,
    /// Something that is true of the plain body only: digests, ranges on offer.
    pub(crate) of_plain: bool,
    /// The handler wants no ranges of it.
    pub(crate) no_ranges: bool,
}

impl Said {
    pub(crate) fn by(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        for (name, value) in headers {
            if *name == CONTENT_TYPE {
                said.typed = true;
            } else if *name == CACHE_CONTROL {
                said.no_transform |= has_directive(value, b"no-transform");
                said.no_store |= has_directive(value, b"no-store");
            } else if *name == CONTENT_ENCODING {
                said.encoded |= value != "identity";
            } else if *name == CONTENT_RANGE {
                said.partial = true;
            } else if *name == ETAG {
                said.etag = true;
            } else if *name == LAST_MODIFIED {
                said.last_modified = true;
            } else if *name == VARY {
                said.vary = true;
            } else if *name == ACCEPT_RANGES {
                said.of_plain = true;
                said.no_ranges = value == "none";
            } else if DIGESTS.contains(name) {
                said.of_plain = true;
            }
        }
        said
    }
}
