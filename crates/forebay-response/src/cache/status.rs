use super::storable::Why;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::fmt::Write as _;

static CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How a request was handled, for `Cache-Status` (RFC 9211).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Handled {
    pub(crate) hit: bool,
    pub(crate) forward: Option<Forward>,
    /// What the handler answered.
    pub(crate) forward_status: Option<StatusCode>,
    /// For how many more seconds it is fresh; negative when it is stale.
    pub(crate) ttl: Option<i64>,
    pub(crate) stored: bool,
    pub(crate) collapsed: bool,
    pub(crate) why: Option<Why>,
}

/// Why the handler was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forward {
    Bypass,
    Method,
    UriMiss,
    VaryMiss,
    Miss,
    Request,
    Stale,
}

impl Forward {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Miss => "miss",
            Self::Request => "request",
            Self::Stale => "stale",
        }
    }
}

impl Handled {
    pub(crate) fn passed(why: Why) -> Self {
        let forward = if why == Why::Method { Forward::Method } else { Forward::Bypass };
        Self { forward: Some(forward), why: Some(why), ..Self::default() }
    }

    /// Adds itself behind what caches nearer to the origin said.
    pub(crate) fn write(self, name: &str, headers: &mut HeaderMap) {
        if name.is_empty() {
            return;
        }
        // Room for all that is said mostly.
        let mut text = String::with_capacity(name.len() + 40);
        for line in headers.get_all(&CACHE_STATUS).iter().filter_map(|line| line.to_str().ok()) {
            text.push_str(line);
            text.push_str(", ");
        }
        text.push_str(name);
        if self.hit {
            text.push_str("; hit");
        }
        if let Some(forward) = self.forward.filter(|_| !self.hit) {
            text.push_str("; fwd=");
            text.push_str(forward.text());
        }
        if let Some(status) = self.forward_status {
            // Writing to a String does not fail.
            let _written = write!(text, "; fwd-status={}", status.as_u16());
        }
        if let Some(ttl) = self.ttl {
            let _written = write!(text, "; ttl={ttl}");
        }
        for (flag, said) in [(self.stored, "; stored"), (self.collapsed, "; collapsed")] {
            if flag {
                text.push_str(said);
            }
        }
        if let Some(why) = self.why {
            text.push_str("; detail=");
            text.push_str(why.text());
        }
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(&CACHE_STATUS, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list_of_caches_the_nearest_to_the_origin_first() {
        let mut headers = HeaderMap::new();
        headers.insert("cache-status", HeaderValue::from_static("origin; hit"));
        let handled = Handled { hit: true, ttl: Some(-3), ..Handled::default() };
        handled.write("here", &mut headers);
        assert_eq!(headers["cache-status"], "origin; hit, here; hit; ttl=-3");
        let mut headers = HeaderMap::new();
        let forward = Some(Forward::UriMiss);
        Handled { forward, stored: true, collapsed: true, ..Handled::default() }.write("here", &mut headers);
        assert_eq!(headers["cache-status"], "here; fwd=uri-miss; stored; collapsed");
    }
}
