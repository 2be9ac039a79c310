use http::HeaderName;
use std::time::Duration;

/// The longest time a directive can carry, in seconds: longer ones are written, and by caches understood, as this.
///
/// Source: RFC 9111, section 1.2.2.
pub const DELTA_SECONDS_MAX: u64 = 1 << 31;

/// What a `Cache-Control` response field says, as plain data: what the [builder](crate::CacheControl::builder)
/// makes, and what is read [from a response](Self::of_response). Nothing here is checked.
///
/// Times are whole seconds. Source of the meanings: RFC 9111, section 5.2.2; RFC 5861; RFC 8246.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CacheDirectives {
    /// `max-age`: how long any cache may call the response fresh.
    pub max_age: Option<Duration>,
    /// `s-maxage`: the same for shared caches, where it goes before `max-age` and `Expires`.
    pub s_maxage: Option<Duration>,
    /// `stale-while-revalidate`: how long after that it may be served while it is fetched anew.
    pub stale_while_revalidate: Option<Duration>,
    /// `stale-if-error`: how long after that it may be served when fetching it anew fails.
    pub stale_if_error: Option<Duration>,
    /// `no-cache`: not to be reused before the origin was asked; or only these fields of it.
    pub no_cache: Qualified,
    /// `private`: not for shared caches; or only these fields of it.
    pub private: Qualified,
    /// `public`: may be stored even where `Authorization` would forbid it.
    pub public: bool,
    /// `no-store`: not to be kept anywhere.
    pub no_store: bool,
    /// `no-transform`: the content must stay as it is.
    pub no_transform: bool,
    /// `must-revalidate`: never to be served stale.
    pub must_revalidate: bool,
    /// `proxy-revalidate`: never to be served stale by shared caches.
    pub proxy_revalidate: bool,
    /// `must-understand`: only for caches that know what its status code asks of them.
    pub must_understand: bool,
    /// `immutable`: it will not change while it is fresh.
    pub immutable: bool,
    /// Directives that are none of the above, in their order.
    pub extensions: Vec<CacheExtension>,
}

/// A directive that speaks of the whole response or of some of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Qualified {
    /// The directive is not there.
    #[default]
    Absent,
    /// It speaks of the whole response.
    Whole,
    /// It speaks of these fields.
    Fields(Vec<HeaderName>),
}

impl Qualified {
    /// Whether the directive is there, about whatever.
    #[must_use]
    pub fn is_said(&self) -> bool {
        *self != Self::Absent
    }
}

/// A directive without a meaning here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheExtension {
    /// Its name, in lower case.
    pub name: String,
    /// What stands behind the `=`, without quotes.
    pub value: Option<String>,
}

impl CacheDirectives {
    /// The names of directives that this type has fields for.
    pub const KNOWN: [&str; 13] = [
        "max-age",
        "s-maxage",
        "stale-while-revalidate",
        "stale-if-error",
        "no-cache",
        "private",
        "public",
        "no-store",
        "no-transform",
        "must-revalidate",
        "proxy-revalidate",
        "must-understand",
        "immutable",
    ];
}
