//! `Cache-Control` and targeted fields as they are received.

use super::{
    CacheDirectives, CacheExtension, CacheTarget, Qualified, directives::DELTA_SECONDS_MAX, members::members,
};
use crate::structured::{Value, dictionary, joined};
use http::{HeaderMap, HeaderName, header::CACHE_CONTROL};
use std::time::Duration;

impl CacheDirectives {
    /// What `Cache-Control` of a response says, all its lines together; nothing where there is none.
    ///
    /// Whatever is doubtful counts as the more careful reading: of a repeated time the smallest; a time that is no number
    /// as 0; `no-cache` and `private` about fields that are no names as if they were about all. Of an extension that is
    /// there twice the first counts.
    ///
    /// ```
    /// use forebay_response::CacheDirectives;
    /// use http::{HeaderMap, HeaderValue};
    /// use std::time::Duration;
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("cache-control", HeaderValue::from_static("public, max-age=60, max-age=5"));
    /// let said = CacheDirectives::of_response(&headers);
    /// assert_eq!((said.public, said.max_age), (true, Some(Duration::from_secs(5))));
    /// ```
    #[must_use]
    pub fn of_response(headers: &HeaderMap) -> Self {
        let mut all = Self::default();
        for line in headers.get_all(CACHE_CONTROL) {
            for (name, argument) in members(line) {
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                all.add(&name, argument.map_or(Argument::None, Argument::Text));
            }
        }
        all
    }

    /// What a targeted field says (RFC 9213): a dictionary of structured fields. `None` where it is not there, empty, or not
    /// a dictionary; members of another type than theirs are left out.
    #[must_use]
    pub fn of_target(headers: &HeaderMap, target: &CacheTarget) -> Option<Self> {
        let text = joined(headers, target.name())?;
        let members = dictionary(&text).filter(|members| !members.is_empty())?;
        let mut all = Self::default();
        for (name, value) in &members {
            let about_fields = matches!(&**name, "private" | "no-cache");
            let argument = match value {
                Value::Boolean(true) => Argument::None,
                Value::Integer(number) => match u64::try_from(*number) {
                    Ok(number) => Argument::Number(number),
                    Err(_) => continue,
                },
                Value::String(text) if about_fields || !Self::KNOWN.contains(&name.as_str()) => {
                    Argument::Text(text.as_bytes())
                }
                _ => continue,
            };
            all.add(name, argument);
        }
        Some(all)
    }

    /// What a response says to a cache that these fields are for, and whether one of them said it: then `Cache-Control` and
    /// `Expires` do not count (RFC 9213, section 2.2). The first that is valid and not empty wins.
    #[must_use]
    pub fn for_targets(headers: &HeaderMap, targets: &[CacheTarget]) -> (Self, bool) {
        match targets.iter().find_map(|target| Self::of_target(headers, target)) {
            Some(targeted) => (targeted, true),
            None => (Self::of_response(headers), false),
        }
    }

    fn add(&mut self, name: &str, argument: Argument<'_>) {
        match name {
            "no-store" => self.no_store = true,
            "no-transform" => self.no_transform = true,
            "public" => self.public = true,
            "must-revalidate" => self.must_revalidate = true,
            "proxy-revalidate" => self.proxy_revalidate = true,
            "must-understand" => self.must_understand = true,
            "immutable" => self.immutable = true,
            "no-cache" => self.no_cache.widen(argument.fields()),
            "private" => self.private.widen(argument.fields()),
            "max-age" => shorten(&mut self.max_age, argument),
            "s-maxage" => shorten(&mut self.s_maxage, argument),
            "stale-while-revalidate" => shorten(&mut self.stale_while_revalidate, argument),
            "stale-if-error" => shorten(&mut self.stale_if_error, argument),
            _ if name.is_empty() || self.extensions.iter().any(|known| known.name == name) => {}
            _ => self.extensions.push(CacheExtension { name: name.to_owned(), value: argument.text() }),
        }
    }
}

impl Qualified {
    /// Both what is there and this.
    fn widen(&mut self, with: Self) {
        *self = match (std::mem::take(self), with) {
            (Self::Absent, other) | (other, Self::Absent) => other,
            (Self::Fields(mut fields), Self::Fields(more)) => {
                fields.extend(more);
                Self::Fields(fields)
            }
            (Self::Whole, _) | (_, Self::Whole) => Self::Whole,
        };
    }
}

/// What stands behind the `=`.
#[derive(Debug, Clone, Copy)]
enum Argument<'a> {
    None,
    Number(u64),
    /// Without its quotes.
    Text(&'a [u8]),
}

impl Argument<'_> {
    fn seconds(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Number(number) => Some(number.min(DELTA_SECONDS_MAX)),
            Self::Text(text) => seconds(text),
        }
    }

    fn fields(self) -> Qualified {
        let Self::Text(text) = self else { return Qualified::Whole };
        let names = text.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
        let names: Result<Vec<HeaderName>, _> = names.map(HeaderName::from_bytes).collect();
        names.ok().filter(|names| !names.is_empty()).map_or(Qualified::Whole, Qualified::Fields)
    }

    fn text(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        }
    }
}

/// Of two times the shorter; what is no time counts as none at all being left.
fn shorten(time: &mut Option<Duration>, argument: Argument<'_>) {
    let said = Duration::from_secs(argument.seconds().unwrap_or(0));
    *time = Some(time.map_or(said, |known| known.min(said)));
}

/// Delta seconds (RFC 9111, section 1.2.2).
pub(crate) fn seconds(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(text).ok()?.parse().unwrap_or(DELTA_SECONDS_MAX);
    Some(number.min(DELTA_SECONDS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn read(line: &'static str) -> CacheDirectives {
        CacheDirectives::of_response(&headers(&[("cache-control", line)]))
    }

    const fn time(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn directives_are_read_whatever_their_case_and_quotes() {
        let read = read("PUBLIC, Max-Age=\"60\" ,s-maxage = 5, x=\"a, no-store\"");
        assert_eq!(
            (read.public, read.max_age, read.s_maxage, read.no_store),
            (true, time(60), time(5), false)
        );
        let extension = CacheExtension { name: "x".to_owned(), value: Some("a, no-store".to_owned()) };
        assert_eq!(read.extensions, [extension]);
    }

    #[test]
    fn what_is_doubtful_is_the_more_careful_reading() {
        assert_eq!(read("max-age=60, max-age=5").max_age, time(5));
        for nonsense in ["max-age", "max-age=", "max-age=1.5", "max-age=-1", "max-age=a", "max-age='60'"] {
            assert_eq!(read(nonsense).max_age, time(0), "{nonsense}");
        }
        assert_eq!(read("max-age=99999999999999999999999").max_age, time(DELTA_SECONDS_MAX));
        for all in
            ["private", "private, private=\"a\"", "private=\"\"", "private=\"a b\"", "private=\"a\", private"]
        {
            assert_eq!(read(all).private, Qualified::Whole, "{all}");
        }
    }

    #[test]
    fn fields_are_told_from_the_whole() {
        let said = read("private=\"Set-Cookie, x-a\", no-cache=x-b");
        let named = |names: &[&'static str]| {
            Qualified::Fields(names.iter().map(|name| HeaderName::from_static(name)).collect())
        };
        assert_eq!((said.private, said.no_cache), (named(&["set-cookie", "x-a"]), named(&["x-b"])));
    }

    #[test]
    fn a_valid_targeted_field_replaces_cache_control() {
        let of = |lines: &[_]| CacheDirectives::for_targets(&headers(lines), &[CacheTarget::CDN]);
        let general = ("cache-control", "no-store");
        let (read, targeted) = of(&[general, ("cdn-cache-control", "max-age=60")]);
        assert_eq!((targeted, read.max_age, read.no_store), (true, time(60), false));
        for invalid in ["", "max-age=60,", "MAX-AGE=60"] {
            assert!(of(&[general, ("cdn-cache-control", invalid)]).0.no_store, "{invalid}");
        }
        // Parameters of another type than they must have are left out, the others count.
        let (read, _) = of(&[general, ("cdn-cache-control", "max-age=\"60\", s-maxage=9")]);
        assert_eq!((read.max_age, read.s_maxage), (None, time(9)));
        let (read, _) = of(&[general, ("cdn-cache-control", "private=\"x-a\", max-age=?0")]);
        assert_eq!(read.private, Qualified::Fields(vec![HeaderName::from_static("x-a")]));
    }

    #[test]
    fn what_is_built_is_read_back() {
        let built = crate::CacheControl::builder()
            .max_age(Duration::from_secs(60))
            .stale_while_revalidate(Duration::from_secs(5))
            .private_fields([HeaderName::from_static("x-a")])
            .extension("x", Some("a, \"b\\"))
            .build()
            .expect("no contradiction");
        let mut headers = HeaderMap::new();
        built.insert(&mut headers);
        built.insert_for(&CacheTarget::CDN, &mut headers);
        let mut read = CacheDirectives::of_response(&headers);
        // Quotes inside of quotes are left as they stand there.
        read.extensions = built.directives().extensions.clone();
        assert_eq!(read, *built.directives());
        assert_eq!(
            CacheDirectives::of_target(&headers, &CacheTarget::CDN).as_ref(),
            Some(built.directives())
        );
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_times_are_in_range(line in "[ -~]*") {
            let mut headers = HeaderMap::new();
            headers.insert("cache-control", HeaderValue::try_from(&line).expect("printable"));
            headers.insert("cdn-cache-control", HeaderValue::try_from(&line).expect("printable"));
            for said in [Some(CacheDirectives::of_response(&headers)), CacheDirectives::of_target(&headers, &CacheTarget::CDN)] {
                let most = said.and_then(|said| said.max_age.max(said.s_maxage));
                prop_assert!(most.is_none_or(|most| most.as_secs() <= DELTA_SECONDS_MAX));
            }
        }
    }
}
