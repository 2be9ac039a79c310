//! Tags as the CDNs in front read them.

use forebay_cache::Tag;
use http::{HeaderMap, HeaderName, HeaderValue, header::CACHE_CONTROL};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt::Write as _};

/// How tags are told to a CDN in front.
///
/// A response whose tags do not all fit is not for the CDN to keep, as no purge could be trusted to find it: it is told
/// `Cache-Control: private, no-cache` instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurrogateRule {
    /// The field that this CDN reads.
    pub style: SurrogateStyle,
    /// Only requests that carry this field come from the CDN and are told. Default: all are.
    #[serde(default)]
    pub only_with: Option<String>,
}

/// The fields in which CDNs read tags, and within which limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurrogateStyle {
    /// Fastly: `Surrogate-Key`, separated by spaces; keys of at most 1,024 bytes, 16,384 bytes in all.
    SurrogateKey,
    /// Cloudflare: `Cache-Tag`, separated by commas; tags of at most 1,024 bytes, 16,384 bytes in all. Letter case makes no
    /// difference to it.
    CacheTag,
    /// CloudFront, with that field in its `CacheTagConfig`: `Cache-Tag`, separated by commas; at most 50 tags, of at most 256
    /// bytes. Letter case makes no difference to it.
    Cloudfront,
    /// Akamai: `Edge-Cache-Tag`, separated by commas; at most 128 tags, of at most 128 bytes, 8,192 bytes in all. Bytes that it
    /// does not allow, such as the colon of `user:7`, are written as `%3A`.
    EdgeCacheTag,
    /// Varnish with its module of that name: `xkey`, separated by spaces; within the 8,192 bytes that Varnish allows a field
    /// by default.
    Xkey,
    /// RFC 9875: `Cache-Groups`, a list of strings; at most 32 of them, of at most 32 bytes, which every cache that knows
    /// the field must take.
    CacheGroups,
}

/// What a CDN takes.
struct Limits {
    field: HeaderName,
    between: &'static str,
    tags: usize,
    tag_bytes: usize,
    bytes: usize,
}

impl SurrogateStyle {
    fn limits(self) -> Limits {
        let (field, between, tags, tag_bytes, bytes) = match self {
            Self::SurrogateKey => ("surrogate-key", " ", usize::MAX, 1024, 16_384),
            Self::CacheTag => ("cache-tag", ",", usize::MAX, 1024, 16_384),
            Self::Cloudfront => ("cache-tag", ",", 50, 256, 16_384),
            Self::EdgeCacheTag => ("edge-cache-tag", ",", 128, 128, 8192),
            // The name and the colon count as well.
            Self::Xkey => ("xkey", " ", usize::MAX, 1024, 8192 - 6),
            Self::CacheGroups => ("cache-groups", ", ", 32, 32, 8192),
        };
        Limits { field: HeaderName::from_static(field), between, tags, tag_bytes, bytes }
    }

    /// The field that this CDN reads.
    #[must_use]
    pub fn field(self) -> HeaderName {
        self.limits().field
    }

    /// A tag as this CDN knows it, which is what to purge it by; `None` for one that it cannot know.
    ///
    /// ```
    /// use forebay_cache::Tag;
    /// use forebay_response::SurrogateStyle;
    ///
    /// let tag = Tag::of("user", 7);
    /// assert_eq!(SurrogateStyle::SurrogateKey.name_of(&tag).as_deref(), Some("user:7"));
    /// assert_eq!(SurrogateStyle::EdgeCacheTag.name_of(&tag).as_deref(), Some("user%3A7"));
    /// assert_eq!(SurrogateStyle::CacheTag.name_of(&Tag::named("two words")), None);
    /// ```
    #[must_use]
    pub fn name_of(self, tag: &Tag) -> Option<Cow<'_, str>> {
        let text = tag.as_str();
        let name = match self {
            Self::EdgeCacheTag => escaped(text)?,
            _ => Cow::Borrowed(text),
        };
        let allowed = |byte: u8| match self {
            Self::CacheGroups => matches!(byte, b' '..=b'~'),
            // The separators of the two ways to write lists.
            _ => byte.is_ascii_graphic() && byte != b',',
        };
        (!name.is_empty() && name.len() <= self.limits().tag_bytes && name.bytes().all(allowed))
            .then_some(name)
    }

    /// The value of the field, and whether every tag is in it.
    fn written(self, tags: &[Tag]) -> (String, bool) {
        let limits = self.limits();
        let (mut text, mut count) = (String::new(), 0);
        for tag in tags {
            let Some(name) = self.name_of(tag) else { return (text, false) };
            let name = match self {
                Self::CacheGroups => quoted(&name).into(),
                _ => name,
            };
            let between = if text.is_empty() { "" } else { limits.between };
            count += 1;
            if count > limits.tags || text.len() + between.len() + name.len() > limits.bytes {
                return (text, false);
            }
            text.push_str(between);
            text.push_str(&name);
        }
        (text, true)
    }

    /// Tells the tags of a response, or that it is not to be kept where they could not be told.
    pub(crate) fn tell(
        self,
        headers: &mut HeaderMap,
        targets: impl Iterator<Item = HeaderName>,
        tags: &[Tag],
    ) {
        let (text, all) = self.written(tags);
        if !all {
            for target in targets {
                headers.remove(target);
            }
            headers.remove("surrogate-control");
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        if let Ok(value) = HeaderValue::try_from(text)
            && !value.is_empty()
        {
            match self {
                // Groups that the handler named are groups still.
                Self::CacheGroups => drop(headers.append(self.field(), value)),
                _ => drop(headers.insert(self.field(), value)),
            }
        }
    }
}

/// With a `%` and two digits for what cannot be a part of a token (RFC 9110, section 5.6.2), and for the `%` itself: no two
/// tags become one.
fn escaped(text: &str) -> Option<Cow<'_, str>> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&'+-.^_`|~".contains(&byte);
    if text.bytes().all(is_plain) {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").ok()?;
        }
    }
    Some(Cow::Owned(out))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(style: SurrogateStyle, tags: &[&str]) -> HeaderMap {
        let tags: Vec<Tag> = tags.iter().map(|tag| Tag::named(*tag)).collect();
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        headers.insert("cdn-cache-control", HeaderValue::from_static("max-age=60"));
        style.tell(&mut headers, [HeaderName::from_static("cdn-cache-control")].into_iter(), &tags);
        headers
    }

    const STYLES: [SurrogateStyle; 6] = [
        SurrogateStyle::SurrogateKey,
        SurrogateStyle::CacheTag,
        SurrogateStyle::Cloudfront,
        SurrogateStyle::EdgeCacheTag,
        SurrogateStyle::Xkey,
        SurrogateStyle::CacheGroups,
    ];

    #[test]
    fn each_cdn_reads_its_own_field() {
        for (style, field, value) in [
            (SurrogateStyle::SurrogateKey, "surrogate-key", "user:7 x%y"),
            (SurrogateStyle::CacheTag, "cache-tag", "user:7,x%y"),
            (SurrogateStyle::Cloudfront, "cache-tag", "user:7,x%y"),
            (SurrogateStyle::EdgeCacheTag, "edge-cache-tag", "user%3A7,x%25y"),
            (SurrogateStyle::Xkey, "xkey", "user:7 x%y"),
            (SurrogateStyle::CacheGroups, "cache-groups", "\"user:7\", \"x%y\""),
        ] {
            let headers = told(style, &["user:7", "x%y"]);
            assert_eq!(
                (&headers[field], &headers[CACHE_CONTROL]),
                (&HeaderValue::from_static(value), &HeaderValue::from_static("public, max-age=60"))
            );
            assert!(!told(style, &[]).contains_key(field), "{field}");
        }
        assert_eq!(told(SurrogateStyle::CacheGroups, &["a, \"b"])["cache-groups"], "\"a, \\\"b\"");
    }

    #[test]
    fn what_a_purge_could_not_find_is_not_kept_by_the_cdn() {
        let many: Vec<String> = (0..9_000).map(|number| format!("t{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = "x".repeat(1025);
        for style in STYLES {
            for tags in [&many[..], &[&long], &["a", ""]] {
                let headers = told(style, tags);
                assert_eq!(headers[CACHE_CONTROL], "private, no-cache", "{style:?}");
                assert!(!headers.contains_key("cdn-cache-control"));
            }
        }
        assert_eq!(told(SurrogateStyle::CacheTag, &["a,b"])[CACHE_CONTROL], "private, no-cache");
        assert_eq!(told(SurrogateStyle::Xkey, &["two words"])[CACHE_CONTROL], "private, no-cache");
        let fifty = &many[..50];
        assert_eq!(told(SurrogateStyle::Cloudfront, fifty)[CACHE_CONTROL], "public, max-age=60");
        assert_eq!(told(SurrogateStyle::Cloudfront, &many[..51])[CACHE_CONTROL], "private, no-cache");
    }

    proptest! {
        #[test]
        fn no_field_is_longer_than_it_may_be_and_no_two_tags_are_one(a in "\\PC{0,40}", b in "\\PC{0,40}", count in 0usize..2_000) {
            for style in STYLES {
                let names = [&a, &b].map(|text| style.name_of(&Tag::named(&**text)).map(Cow::into_owned));
                prop_assert!(a == b || names[0].is_none() || names[0] != names[1]);
                let tags = vec![Tag::named(&*a); count];
                prop_assert!(style.written(&tags).0.len() <= style.limits().bytes);
            }
        }
    }
}
