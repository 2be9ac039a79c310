use super::key::Kind;
use crate::ResponseKey;
use forebay_cache::Tag;
use http::{HeaderValue, Uri};
use std::borrow::Cow;

/// What a request is about: the target URI (RFC 9110 section 7.1).
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Set apart what lies below different prefixes that a router takes away.
    space: String,
    scheme: Cow<'static, str>,
    pub(crate) host: String,
    path: String,
    /// The part of the query that the rules leave.
    pub(crate) query: Option<String>,
    /// What `No-Vary-Search` leaves of that.
    pub(crate) searched: Option<String>,
}

impl Target {
    /// `None` where the host is no text.
    pub(crate) fn of(uri: &Uri, host: Option<&HeaderValue>, space: &str) -> Option<Self> {
        let host = match (uri.authority(), host) {
            (Some(authority), _) => authority.as_str(),
            (None, Some(host)) => host.to_str().ok()?,
            (None, None) => "",
        };
        Some(Self {
            space: space.to_owned(),
            scheme: match uri.scheme() {
                None => Cow::Borrowed("http"),
                Some(scheme) => Cow::Owned(scheme.as_str().to_ascii_lowercase()),
            },
            host: host.to_ascii_lowercase(),
            path: uri.path().to_owned(),
            query: uri.query().map(str::to_owned),
            searched: None,
        })
    }

    /// The part of the query that makes a difference.
    pub(crate) fn query_used(&self) -> Option<&str> {
        self.searched.as_deref().or(self.query.as_deref()).filter(|query| !query.is_empty())
    }

    /// `scheme://host/path?query`.
    pub(crate) fn text(&self) -> String {
        self.with_query(self.query_used())
    }

    fn with_query(&self, query: Option<&str>) -> String {
        let Self { space, scheme, host, path, .. } = self;
        // Every request has this text made, so it is put together without formatting.
        let parts =
            [&**scheme, "://", host, space, path, query.map_or("", |_| "?"), query.unwrap_or_default()];
        parts.concat()
    }

    /// The key of how queries of this path are told apart.
    pub(crate) fn search_key(&self) -> ResponseKey {
        ResponseKey::new(&self.with_query(None), Kind::Search, &[])
    }

    /// The tag of the responses to this request, whatever the scheme: HTTP/1.1 does not tell it to a server.
    pub(crate) fn tag(&self) -> Tag {
        self.tag_of(self.query_used())
    }

    fn tag_of(&self, query: Option<&str>) -> Tag {
        let Self { space, host, path, .. } = self;
        match query {
            Some(query) => Tag::of("uri", format_args!("{host}{space}{path}?{query}")),
            None => Tag::of("uri", format_args!("{host}{space}{path}")),
        }
    }

    /// The tags of every response that this request may have changed: with `No-Vary-Search` or before it was heard of.
    pub(crate) fn tags(&self) -> Vec<Tag> {
        let plain = self.query.as_deref().filter(|query| !query.is_empty());
        let mut tags = vec![self.tag(), self.tag_of(plain)];
        tags.dedup();
        tags
    }

    /// The tag of a group of responses (RFC 9875 section 2.1): groups belong to their origin.
    pub(crate) fn group(&self, name: &str) -> Tag {
        Tag::of("group", format_args!("{} {name}", self.host))
    }

    /// Another target of the same origin that a response names, such as by `Location`; `None` for other origins.
    pub(crate) fn named(&self, reference: &HeaderValue) -> Option<Self> {
        let reference = reference.to_str().ok()?.split('#').next()?;
        if let Some(rest) = reference.strip_prefix("//") {
            return self.absolute(&format!("{}://{rest}", self.scheme));
        }
        if reference.contains("://") {
            return self.absolute(reference);
        }
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (reference, None),
        };
        let path = match path {
            "" => self.path.clone(),
            _ if path.starts_with('/') => path.to_owned(),
            _ => format!("{}/{path}", self.path.rsplit_once('/').map_or("", |(base, _)| base)),
        };
        Some(Self { path: without_dots(&path), query, searched: None, ..self.clone() })
    }

    fn absolute(&self, reference: &str) -> Option<Self> {
        let uri: Uri = reference.parse().ok()?;
        let other = Self::of(&uri, None, &self.space)?;
        // Behind a proxy that ends TLS the scheme of requests is not the one that clients know.
        (other.host == self.host).then(|| Self { scheme: self.scheme.clone(), ..other })
    }
}

/// RFC 3986 section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut left: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                left.pop();
            }
            segment => left.push(segment),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        left.push("");
    }
    format!("/{}", left.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_within_the_origin_only() {
        let uri = "http://Example.org/a/b?x=1".parse().expect("a uri");
        let target = Target::of(&uri, None, "").expect("a host");
        let named =
            |reference| target.named(&HeaderValue::from_static(reference)).map(|target| target.text());
        for (reference, expected) in [
            ("/c?y#z", "http://example.org/c?y"),
            ("c", "http://example.org/a/c"),
            ("../c", "http://example.org/c"),
            ("./", "http://example.org/a/"),
            ("http://example.org/d", "http://example.org/d"),
            ("//example.org/d", "http://example.org/d"),
        ] {
            assert_eq!(named(reference).as_deref(), Some(expected), "{reference}");
        }
        assert_eq!(named("http://elsewhere.org/a/b"), None);
    }
}
