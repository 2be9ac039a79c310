use super::CacheControlError;
use http::HeaderName;

/// The class of caches that a targeted field is for, by the name of that field (RFC 9213).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheTarget(HeaderName);

impl CacheTarget {
    /// `CDN-Cache-Control`: caches that work for the origin (RFC 9213, section 3.1).
    pub const CDN: Self = Self(HeaderName::from_static("cdn-cache-control"));

    /// The caches that look for the field of this name, such as `Vendor-CDN-Cache-Control`.
    ///
    /// # Errors
    /// The name is no token, or does not end in `-cache-control`.
    pub fn named(name: &str) -> Result<Self, CacheControlError> {
        let wrong = || CacheControlError::Target(name.to_owned());
        let name = HeaderName::try_from(name).map_err(|_| wrong())?;
        if name.as_str().strip_suffix("-cache-control").is_none_or(str::is_empty) {
            return Err(wrong());
        }
        Ok(Self(name))
    }

    /// The name of the field.
    #[must_use]
    pub fn name(&self) -> &HeaderName {
        &self.0
    }
}
