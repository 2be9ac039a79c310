use super::{CacheControl, CacheControlError, CacheDirectives, CacheExtension, Qualified, check::check};
use http::HeaderName;
use std::time::Duration;

/// Puts a [`CacheControl`] together. Nothing is said by default.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct CacheControlBuilder {
    said: CacheDirectives,
}

impl CacheControlBuilder {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Starts from these directives, in the place of everything said so far.
    pub fn directives(mut self, directives: CacheDirectives) -> Self {
        self.said = directives;
        self
    }

    /// `max-age`: how long any cache may call the response fresh, in whole seconds. Default: not said, and caches guess.
    pub fn max_age(mut self, time: Duration) -> Self {
        self.said.max_age = Some(time);
        self
    }

    /// `s-maxage`: how long shared caches may call it fresh, in whole seconds. They then never serve it stale (RFC 9111,
    /// section 5.2.2.10), so that `stale-while-revalidate` is for private caches only; to give a CDN both, give it a
    /// [targeted field](crate::CacheTarget) with `max-age`. Default: not said, `max-age` holds for them as well.
    pub fn s_maxage(mut self, time: Duration) -> Self {
        self.said.s_maxage = Some(time);
        self
    }

    /// `stale-while-revalidate`: how long after its freshness it may be served while it is fetched anew, in whole seconds
    /// (RFC 5861, section 3). Default: not said.
    pub fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.said.stale_while_revalidate = Some(time);
        self
    }

    /// `stale-if-error`: how long after its freshness it may be served when fetching it anew fails, in whole seconds
    /// (RFC 5861, section 4). Default: not said.
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.said.stale_if_error = Some(time);
        self
    }

    /// `no-cache`: may be stored, but the origin is asked before each reuse. Default: not said.
    pub fn no_cache(mut self) -> Self {
        self.said.no_cache = Qualified::Whole;
        self
    }

    /// `no-cache="…"`: the rest may be reused without these fields of it. Many caches take it for
    /// [`no_cache`](Self::no_cache). Default: not said.
    pub fn no_cache_fields(mut self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        self.said.no_cache = Qualified::Fields(fields.into_iter().collect());
        self
    }

    /// `private`: for the cache of one user only. Default: not said.
    pub fn private(mut self) -> Self {
        self.said.private = Qualified::Whole;
        self
    }

    /// `private="…"`: shared caches may store the rest without these fields of it. Many take it for
    /// [`private`](Self::private). Default: not said.
    pub fn private_fields(mut self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        self.said.private = Qualified::Fields(fields.into_iter().collect());
        self
    }

    /// `public`: may be stored by shared caches even if the request had `Authorization`. Default: not said.
    pub fn public(mut self) -> Self {
        self.said.public = true;
        self
    }

    /// `no-store`: is kept by no cache. Default: not said.
    pub fn no_store(mut self) -> Self {
        self.said.no_store = true;
        self
    }

    /// `no-transform`: nobody on the way may change the content; the [layer](crate::ResponseLayer) does not encode it
    /// either. Default: not said.
    pub fn no_transform(mut self) -> Self {
        self.said.no_transform = true;
        self
    }

    /// `must-revalidate`: is never served stale. Default: not said.
    pub fn must_revalidate(mut self) -> Self {
        self.said.must_revalidate = true;
        self
    }

    /// `proxy-revalidate`: is never served stale by shared caches. Default: not said.
    pub fn proxy_revalidate(mut self) -> Self {
        self.said.proxy_revalidate = true;
        self
    }

    /// `must-understand`: is stored only by caches that know its status code. Says `no-store` as well, for caches that do
    /// not know the directive; those that do ignore it (RFC 9111, section 5.2.2.3). Default: not said.
    pub fn must_understand(mut self) -> Self {
        self.said.must_understand = true;
        self.said.no_store = true;
        self
    }

    /// `immutable`: does not change while it is fresh, so that a reload need not ask (RFC 8246). Default: not said.
    pub fn immutable(mut self) -> Self {
        self.said.immutable = true;
        self
    }

    /// A directive that has no method here. Default: none.
    pub fn extension(mut self, name: impl Into<String>, value: Option<&str>) -> Self {
        let (name, value) = (name.into().to_ascii_lowercase(), value.map(str::to_owned));
        self.said.extensions.push(CacheExtension { name, value });
        self
    }

    /// Checks what was said.
    ///
    /// # Errors
    /// The first contradiction, a time that is not a whole number of seconds, a list of no fields, an extension that cannot
    /// be written, or nothing said at all.
    pub fn build(self) -> Result<CacheControl, CacheControlError> {
        check(&self.said)?;
        Ok(CacheControl::checked(self.said))
    }
}
