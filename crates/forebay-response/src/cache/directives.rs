use super::structured::{Value, dictionary};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, PRAGMA},
};

/// What `Cache-Control` says, of a request or a response (RFC 9111 section 5.2, RFC 5861).
///
/// Whatever is doubtful counts as the more careful reading: of a repeated number the smallest; a number that is
/// none as 0 where it says how long something may be used; `no-cache` and `private` with field names as if they
/// had none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) private: bool,
    pub(crate) public: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) proxy_revalidate: bool,
    pub(crate) must_understand: bool,
    pub(crate) only_if_cached: bool,
    /// Seconds, like all that follow.
    pub(crate) max_age: Option<u64>,
    pub(crate) s_maxage: Option<u64>,
    pub(crate) min_fresh: Option<u64>,
    pub(crate) stale_while_revalidate: Option<u64>,
    pub(crate) stale_if_error: Option<u64>,
}

/// Longer times count as this many seconds (RFC 9111 section 1.2.2).
pub(crate) const SECONDS_MAX: u64 = 1 << 31;

impl Directives {
    /// Of a request. `Pragma: no-cache` counts where there is no `Cache-Control` (section 5.4).
    pub(crate) fn of_request(headers: &HeaderMap) -> Self {
        if !headers.contains_key(CACHE_CONTROL) {
            let mut pragma = headers.get_all(PRAGMA).iter();
            let no_cache = pragma.any(|line| line.as_bytes().trim_ascii().eq_ignore_ascii_case(b"no-cache"));
            return Self { no_cache, ..Self::default() };
        }
        Self::of_cache_control(headers)
    }

    /// Of a response, and whether they were targeted at caches like this one (RFC 9213): then `Cache-Control` and
    /// `Expires` do not count. The first field of `targets` that is valid and not empty wins.
    pub(crate) fn of_response(headers: &HeaderMap, targets: &[HeaderName]) -> (Self, bool) {
        let targeted = targets.iter().find_map(|target| Self::of_target(headers, target));
        match targeted {
            Some(targeted) => (targeted, true),
            None => (Self::of_cache_control(headers), false),
        }
    }

    fn of_cache_control(headers: &HeaderMap) -> Self {
        let mut all = Self::default();
        for line in headers.get_all(CACHE_CONTROL) {
            for member in members(line) {
                let end = member.iter().position(|&byte| byte == b'=').unwrap_or(member.len());
                let name = member[..end].trim_ascii().to_ascii_lowercase();
                let argument = member.get(end + 1..).map(unquoted);
                all.add(&name, argument.map_or(Argument::None, |text| Argument::Seconds(seconds(text))));
            }
        }
        all
    }

    fn of_target(headers: &HeaderMap, target: &HeaderName) -> Option<Self> {
        let text = joined(headers, target)?;
        let members = dictionary(&text).filter(|members| !members.is_empty())?;
        let mut all = Self::default();
        for (name, value) in members {
            let argument = match value {
                Value::Boolean(true) => Argument::None,
                Value::Integer(number) => match u64::try_from(number) {
                    Ok(number) => Argument::Seconds(Some(number.min(SECONDS_MAX))),
                    Err(_) => continue,
                },
                // Field names, which are not looked at.
                Value::String(_) if matches!(&*name, "private" | "no-cache") => Argument::None,
                _ => continue,
            };
            all.add(name.as_bytes(), argument);
        }
        Some(all)
    }

    fn add(&mut self, name: &[u8], argument: Argument) {
        let flag = match name {
            b"no-store" => &mut self.no_store,
            b"no-cache" => &mut self.no_cache,
            b"private" => &mut self.private,
            b"public" => &mut self.public,
            b"must-revalidate" => &mut self.must_revalidate,
            b"proxy-revalidate" => &mut self.proxy_revalidate,
            b"must-understand" => &mut self.must_understand,
            b"only-if-cached" => &mut self.only_if_cached,
            _ => return self.add_seconds(name, argument),
        };
        *flag = true;
    }

    fn add_seconds(&mut self, name: &[u8], argument: Argument) {
        let seconds = match argument {
            Argument::Seconds(seconds) => seconds,
            Argument::None => None,
        };
        let (slot, of_nonsense) = match name {
            b"max-age" => (&mut self.max_age, Some(0)),
            b"s-maxage" => (&mut self.s_maxage, Some(0)),
            b"min-fresh" => (&mut self.min_fresh, None),
            b"stale-while-revalidate" => (&mut self.stale_while_revalidate, Some(0)),
            b"stale-if-error" => (&mut self.stale_if_error, Some(0)),
            _ => return,
        };
        let said = seconds.or(of_nonsense);
        *slot = match (*slot, said) {
            (Some(known), Some(said)) => Some(known.min(said)),
            (known, said) => known.or(said),
        };
    }
}

#[derive(Debug, Clone, Copy)]
enum Argument {
    None,
    /// Seconds, if it is a number.
    Seconds(Option<u64>),
}

/// Every line of a field as one text; `None` without any, or where it is no text.
pub(crate) fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Result<Vec<&str>, _> = headers.get_all(name).iter().map(HeaderValue::to_str).collect();
    lines.ok().filter(|lines| !lines.is_empty()).map(|lines| lines.join(", "))
}

/// The members of a list, split at commas that are not quoted.
fn members(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    line.as_bytes().split(move |&byte| {
        let split = byte == b',' && !quoted;
        if byte == b'"' && !escaped {
            quoted = !quoted;
        }
        escaped = byte == b'\\' && quoted && !escaped;
        split
    })
}

fn unquoted(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text)
}

/// Delta seconds (section 1.2.2).
pub(crate) fn seconds(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(text).ok()?.parse().unwrap_or(SECONDS_MAX);
    Some(number.min(SECONDS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn read(line: &'static str) -> Directives {
        Directives::of_request(&headers(&[("cache-control", line)]))
    }

    #[test]
    fn directives_are_read_whatever_their_case_and_quotes() {
        let read = read("PUBLIC, Max-Age=\"60\" ,s-maxage = 5, x=\"a, no-store\"");
        assert_eq!(
            (read.public, read.max_age, read.s_maxage, read.no_store),
            (true, Some(60), Some(5), false)
        );
    }

    #[test]
    fn what_is_doubtful_is_the_more_careful_reading() {
        assert_eq!(read("max-age=60, max-age=5").max_age, Some(5));
        for nonsense in ["max-age", "max-age=", "max-age=1.5", "max-age=-1", "max-age=a", "max-age='60'"] {
            assert_eq!(read(nonsense).max_age, Some(0), "{nonsense}");
        }
        assert_eq!(read("max-age=99999999999999999999999").max_age, Some(SECONDS_MAX));
        assert!(read("private=\"x\", no-cache=\"y\"").private);
    }

    #[test]
    fn a_valid_targeted_field_replaces_cache_control() {
        let targets = [HeaderName::from_static("cdn-cache-control")];
        let of = |lines: &[_]| Directives::of_response(&headers(lines), &targets);
        let general = ("cache-control", "no-store");
        let (read, targeted) = of(&[general, ("cdn-cache-control", "max-age=60")]);
        assert_eq!((targeted, read.max_age, read.no_store), (true, Some(60), false));
        for invalid in ["", "max-age=60,", "MAX-AGE=60"] {
            assert!(of(&[general, ("cdn-cache-control", invalid)]).0.no_store, "{invalid}");
        }
        // Parameters of another type than they must have are left out, the others count.
        let (read, _) = of(&[general, ("cdn-cache-control", "max-age=\"60\", s-maxage=9")]);
        assert_eq!((read.max_age, read.s_maxage), (None, Some(9)));
    }

    #[test]
    fn pragma_counts_only_alone() {
        assert!(Directives::of_request(&headers(&[("pragma", "no-cache")])).no_cache);
        let both = headers(&[("pragma", "no-cache"), ("cache-control", "max-age=1")]);
        assert!(!Directives::of_request(&both).no_cache);
    }
}
