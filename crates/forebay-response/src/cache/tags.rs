//! Tags in fields: what a handler names, groups of responses (RFC 9875), and what a CDN in front is told.

use super::{
    directives::joined,
    rules::{SurrogateRule, SurrogateStyle},
    shared::Policy,
    structured::{Value, list},
    target::Target,
};
use forebay_cache::Tag;
use http::{HeaderMap, HeaderName, HeaderValue};

static CACHE_GROUPS: HeaderName = HeaderName::from_static("cache-groups");
static CACHE_GROUP_INVALIDATION: HeaderName = HeaderName::from_static("cache-group-invalidation");

/// More groups than a response can usefully be in (RFC 9875 asks for 32 at least) are not looked at.
const GROUPS_MAX: usize = 128;

impl Policy {
    /// The tags that a response names itself.
    pub(crate) fn tags_named(&self, headers: &HeaderMap) -> Vec<Tag> {
        let mut tags = Vec::new();
        for name in &self.fields.tags_from {
            for line in headers.get_all(name).iter().filter_map(|line| line.to_str().ok()) {
                let names = line.split([' ', ',', '\t']).filter(|name| !name.is_empty());
                tags.extend(names.map(Tag::named));
            }
        }
        tags
    }

    /// Tells a CDN in front, and nobody else, what a response was made from.
    pub(crate) fn tell_tags(&self, headers: &mut HeaderMap, asked: &HeaderMap, tags: &[Tag]) {
        let Some(rule) = self.rules.surrogate.as_ref().filter(|_| self.is_told(asked)) else {
            self.strip_tags(headers);
            return;
        };
        self.strip_tags(headers);
        if let Some((name, value)) = rule.written(tags) {
            headers.insert(name, value);
        }
    }

    /// Takes out the fields that are meant for caches of this service, where the client is none.
    pub(crate) fn strip_untold(&self, headers: &mut HeaderMap, asked: &HeaderMap) {
        if self.rules.surrogate.is_none() || !self.is_told(asked) {
            self.strip_tags(headers);
        }
    }

    fn is_told(&self, asked: &HeaderMap) -> bool {
        self.fields.only_with.as_ref().is_none_or(|name| asked.contains_key(name))
    }

    fn strip_tags(&self, headers: &mut HeaderMap) {
        for name in &self.fields.tags_from {
            headers.remove(name);
        }
    }
}

/// The groups a response is in.
pub(crate) fn groups(headers: &HeaderMap, target: &Target) -> Vec<Tag> {
    named(headers, &CACHE_GROUPS, target)
}

/// The groups that the response to an unsafe request invalidates (RFC 9875 section 3).
pub(crate) fn groups_invalidated(headers: &HeaderMap, target: &Target) -> Vec<Tag> {
    named(headers, &CACHE_GROUP_INVALIDATION, target)
}

fn named(headers: &HeaderMap, field: &HeaderName, target: &Target) -> Vec<Tag> {
    let members = joined(headers, field).and_then(|text| list(&text)).unwrap_or_default();
    // What is no string makes the whole field invalid.
    let names: Option<Vec<&str>> = members
        .iter()
        .map(|member| if let Value::String(name) = member { Some(name.as_str()) } else { None })
        .collect();
    names.unwrap_or_default().into_iter().take(GROUPS_MAX).map(|name| target.group(name)).collect()
}

impl SurrogateRule {
    /// The field and its value; a tag that does not fit is left out, and so is everything after the field is full.
    pub(crate) fn written(&self, tags: &[Tag]) -> Option<(HeaderName, HeaderValue)> {
        let (name, between, tag_max, bytes_max) = match self.style {
            SurrogateStyle::SurrogateKey => ("surrogate-key", " ", 1024, 16_384),
            SurrogateStyle::CacheTag => ("cache-tag", ",", 256, 16_384),
            SurrogateStyle::EdgeCacheTag => ("edge-cache-tag", ",", 128, 8192),
            SurrogateStyle::Xkey => ("xkey", " ", 1024, 16_384),
            SurrogateStyle::CacheGroups => ("cache-groups", ", ", 1024, 16_384),
        };
        let mut text = String::new();
        for tag in tags.iter().map(Tag::as_str) {
            let fits =
                !tag.is_empty() && tag.len() <= tag_max && tag.bytes().all(|byte| byte.is_ascii_graphic());
            let written = match self.style {
                SurrogateStyle::CacheGroups => {
                    format!("\"{}\"", tag.replace('\\', "\\\\").replace('"', "\\\""))
                }
                _ if tag.contains(',') => continue,
                _ => tag.to_owned(),
            };
            if !fits {
                continue;
            }
            let sum = text.len() + between.len() + written.len();
            if sum > bytes_max {
                break;
            }
            if !text.is_empty() {
                text.push_str(between);
            }
            text.push_str(&written);
        }
        let value = HeaderValue::try_from(text).ok().filter(|value| !value.is_empty())?;
        Some((HeaderName::from_static(name), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(style: SurrogateStyle, tags: &[&str]) -> Option<(String, String)> {
        let tags: Vec<Tag> = tags.iter().map(|tag| Tag::named(*tag)).collect();
        let (name, value) = SurrogateRule { style, only_with: None }.written(&tags)?;
        Some((name.to_string(), value.to_str().expect("text").to_owned()))
    }

    #[test]
    fn each_cdn_reads_its_own_field() {
        let of = |style| written(style, &["user:7", "a,b", "two words", "x"]).expect("some fit");
        assert_eq!(of(SurrogateStyle::SurrogateKey), ("surrogate-key".into(), "user:7 x".into()));
        assert_eq!(of(SurrogateStyle::CacheTag), ("cache-tag".into(), "user:7,x".into()));
        assert_eq!(of(SurrogateStyle::EdgeCacheTag), ("edge-cache-tag".into(), "user:7,x".into()));
        assert_eq!(of(SurrogateStyle::Xkey), ("xkey".into(), "user:7 x".into()));
        assert_eq!(
            of(SurrogateStyle::CacheGroups),
            ("cache-groups".into(), "\"user:7\", \"a,b\", \"x\"".into())
        );
        assert_eq!(written(SurrogateStyle::Xkey, &[]), None);
    }

    #[test]
    fn lengths_are_capped() {
        let long = "x".repeat(129);
        assert_eq!(written(SurrogateStyle::EdgeCacheTag, &[&long]), None);
        let many: Vec<String> = (0..9_000).map(|number| format!("t{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let (_, value) = written(SurrogateStyle::EdgeCacheTag, &many).expect("some fit");
        assert!(value.len() <= 8192 && !value.ends_with(','), "{}", value.len());
    }
}
