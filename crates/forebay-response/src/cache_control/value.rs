use super::{
    CacheControlBuilder, CacheDirectives, CacheTarget,
    write::{Form, text},
};
use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

/// Directives for caches that do not contradict each other, ready to be sent.
///
/// ```
/// use forebay_response::{CacheControl, CacheTarget};
/// use http::HeaderMap;
/// use std::time::Duration;
///
/// let browsers = CacheControl::builder().max_age(Duration::from_secs(60)).build()?;
/// let cdn = CacheControl::builder()
///     .max_age(Duration::from_secs(3600))
///     .stale_while_revalidate(Duration::from_secs(600))
///     .build()?;
///
/// let mut headers = HeaderMap::new();
/// browsers.insert(&mut headers);
/// cdn.insert_for(&CacheTarget::CDN, &mut headers);
/// assert_eq!(headers["cache-control"], "max-age=60");
/// assert_eq!(headers["cdn-cache-control"], "max-age=3600, stale-while-revalidate=600");
///
/// let wrong = CacheControl::builder().private().s_maxage(Duration::from_secs(60)).build();
/// assert_eq!(
///     wrong.unwrap_err().to_string(),
///     "cache-control: `s-maxage` beside `private`: shared caches must not store it",
/// );
/// # Ok::<(), forebay_response::CacheControlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheControl {
    said: CacheDirectives,
    /// Written once: a policy is built at start-up and sent with every response.
    list: HeaderValue,
    dictionary: HeaderValue,
}

impl CacheControl {
    /// Starts with nothing said.
    pub fn builder() -> CacheControlBuilder {
        CacheControlBuilder::new()
    }

    pub(super) fn checked(said: CacheDirectives) -> Self {
        let value = |form| HeaderValue::try_from(text(&said, form)).expect("checked to be printable ASCII");
        Self { list: value(Form::List), dictionary: value(Form::Dictionary), said }
    }

    /// What it says.
    #[must_use]
    pub fn directives(&self) -> &CacheDirectives {
        &self.said
    }

    /// The value of `Cache-Control` (RFC 9111, section 5.2).
    #[must_use]
    pub fn header_value(&self) -> &HeaderValue {
        &self.list
    }

    /// The value of a targeted field: a dictionary of structured fields (RFC 9213, section 2.1).
    #[must_use]
    pub fn targeted_value(&self) -> &HeaderValue {
        &self.dictionary
    }

    /// Sets `Cache-Control`.
    pub fn insert(&self, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, self.list.clone());
    }

    /// Sets the targeted field: caches that belong to the target obey it and ignore `Cache-Control` and `Expires`.
    pub fn insert_for(&self, target: &CacheTarget, headers: &mut HeaderMap) {
        headers.insert(target.name().clone(), self.dictionary.clone());
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponseParts for CacheControl {
    type Error = std::convert::Infallible;

    fn into_response_parts(
        self,
        mut parts: axum_core::response::ResponseParts,
    ) -> Result<axum_core::response::ResponseParts, Self::Error> {
        self.insert(parts.headers_mut());
        Ok(parts)
    }
}
