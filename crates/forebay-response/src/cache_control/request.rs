use super::{members::members, read::seconds};
use http::{
    HeaderMap,
    header::{CACHE_CONTROL, PRAGMA},
};

/// What a request says about what it takes (RFC 9111, section 5.2.1); times are in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestDirectives {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Option<u64>,
    pub(crate) min_fresh: Option<u64>,
}

impl RequestDirectives {
    /// Whatever is doubtful counts as the more careful reading, as of
    /// [responses](crate::CacheDirectives::of_response). `Pragma: no-cache` counts where there is no `Cache-Control`
    /// (section 5.4).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut all = Self::default();
        if !headers.contains_key(CACHE_CONTROL) {
            let mut pragma = headers.get_all(PRAGMA).iter();
            all.no_cache = pragma.any(|line| line.as_bytes().trim_ascii().eq_ignore_ascii_case(b"no-cache"));
            return all;
        }
        for line in headers.get_all(CACHE_CONTROL) {
            for (name, argument) in members(line) {
                let said = argument.and_then(seconds);
                let is = |directive: &str| name.eq_ignore_ascii_case(directive.as_bytes());
                all.no_store |= is("no-store");
                all.no_cache |= is("no-cache");
                all.only_if_cached |= is("only-if-cached");
                if is("max-age") {
                    let said = said.unwrap_or(0);
                    all.max_age = Some(all.max_age.map_or(said, |known| known.min(said)));
                } else if is("min-fresh") {
                    all.min_fresh = all.min_fresh.max(said);
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(lines: &[(&'static str, &'static str)]) -> RequestDirectives {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        RequestDirectives::of(&headers)
    }

    #[test]
    fn what_is_doubtful_is_the_more_careful_reading() {
        let said =
            read(&[("cache-control", "max-age=60, max-age=x, min-fresh=5, MIN-FRESH=7, only-if-cached")]);
        assert_eq!((said.max_age, said.min_fresh, said.only_if_cached), (Some(0), Some(7), true));
        assert!(!read(&[("cache-control", "x=\"a, no-cache\"")]).no_cache);
    }

    #[test]
    fn pragma_counts_only_alone() {
        assert!(read(&[("pragma", "no-cache")]).no_cache);
        assert!(!read(&[("pragma", "no-cache"), ("cache-control", "max-age=1")]).no_cache);
    }
}
