use http::{HeaderValue, header::CONTENT_TYPE, response::Parts};

/// Decides whether a response is ours to encode; asked once per response, before its body is read.
///
/// It only narrows what the layer would do. Whatever it says, a response stays as it is when it already has a
/// `Content-Encoding`, is partial, has no body by its status, or says `no-transform`.
///
/// Closures over the response's head implement it, and conditions combine with [`Eligible::and`]:
///
/// ```
/// use forebay_response::{ContentTypes, Eligible, ResponseLayer};
/// use http::response::Parts;
///
/// let without_secrets = |parts: &Parts| !parts.headers.contains_key("x-secret");
/// let layer = ResponseLayer::builder().eligible(ContentTypes::default().and(without_secrets)).build()?;
/// # Ok::<(), forebay_response::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide which responses are encoded",
    note = "use `ContentTypes`, a closure `|parts: &http::response::Parts| -> bool`, or combine them with `.and(…)`"
)]
pub trait Eligible: Send + Sync + 'static {
    /// Whether the response with this head may be encoded.
    fn is_eligible(&self, response: &Parts) -> bool;

    /// Both conditions must hold; the other is asked only when this one does.
    fn and<Other: Eligible>(self, other: Other) -> And<Self, Other>
    where
        Self: Sized,
    {
        And { first: self, second: other }
    }
}

impl<F> Eligible for F
where
    F: Fn(&Parts) -> bool + Send + Sync + 'static,
{
    fn is_eligible(&self, response: &Parts) -> bool {
        self(response)
    }
}

/// Two conditions that must both hold; made by [`Eligible::and`].
#[derive(Debug, Clone, Copy)]
pub struct And<First, Second> {
    first: First,
    second: Second,
}

impl<First: Eligible, Second: Eligible> Eligible for And<First, Second> {
    fn is_eligible(&self, response: &Parts) -> bool {
        self.first.is_eligible(response) && self.second.is_eligible(response)
    }
}

/// The content types that are worth encoding: an allow list, so that archives, images and video are never
/// encoded a second time.
///
/// The default has all of `text/*`, everything ending in `+json`, `+xml` or `+yaml`, and the types in
/// [`ContentTypes::COMMON`]. A response without `Content-Type` is left alone.
///
/// ```
/// use forebay_response::ContentTypes;
/// let types = ContentTypes::default().with("application/vnd.example");
/// assert!(types.contains("Application/JSON; charset=utf-8"));
/// assert!(types.contains("application/vnd.example"));
/// assert!(!types.contains("application/zip"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ContentTypes {
    more: Vec<String>,
}

impl ContentTypes {
    /// The types of the default list that are neither `text/*` nor recognised by their ending.
    pub const COMMON: &[&str] = &[
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/json",
        "application/json-seq",
        "application/jsonl",
        "application/ndjson",
        "application/rtf",
        "application/sql",
        "application/toml",
        "application/vnd.ms-fontobject",
        "application/wasm",
        "application/x-javascript",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/svg+xml",
        "image/x-icon",
    ];

    /// Adds a type (`type/subtype`, without parameters).
    #[must_use]
    pub fn with(mut self, content_type: impl Into<String>) -> Self {
        self.more.push(content_type.into());
        self
    }

    /// Whether a `Content-Type` value is in the list; case and parameters do not matter.
    #[must_use]
    pub fn contains(&self, content_type: &str) -> bool {
        let essence = essence(content_type.as_bytes());
        // What most services send goes first.
        essence.eq_ignore_ascii_case(b"application/json")
            || starts_with(essence, b"text/")
            || [&b"+json"[..], b"+xml", b"+yaml"].iter().any(|ending| ends_with(essence, ending))
            || Self::COMMON.iter().any(|known| essence.eq_ignore_ascii_case(known.as_bytes()))
            || self.more.iter().any(|known| essence.eq_ignore_ascii_case(known.as_bytes()))
    }
}

impl Eligible for ContentTypes {
    fn is_eligible(&self, response: &Parts) -> bool {
        let value = response.headers.get(CONTENT_TYPE);
        value.and_then(|value| value.to_str().ok()).is_some_and(|value| self.contains(value))
    }
}

/// Where a stream of this content type may be cut so that the client can use what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boundary {
    /// Nowhere in particular.
    Unknown,
    /// After each line: NDJSON and its relatives.
    Line,
    /// After each blank line: server-sent events.
    BlankLine,
}

impl Boundary {
    pub(crate) fn of(content_type: Option<&HeaderValue>) -> Self {
        const LINES: [&[u8]; 4] =
            [b"application/x-ndjson", b"application/ndjson", b"application/jsonl", b"application/json-seq"];
        let essence = content_type.map_or(&b""[..], |value| essence(value.as_bytes()));
        if essence.eq_ignore_ascii_case(b"text/event-stream") {
            Self::BlankLine
        } else if LINES.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
            Self::Line
        } else {
            Self::Unknown
        }
    }
}

fn essence(content_type: &[u8]) -> &[u8] {
    let end = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
    content_type[..end].trim_ascii()
}

fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.len() > start.len() && text[..start.len()].eq_ignore_ascii_case(start)
}

fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len() > end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end)
}
