//! What directives must not be said together: one allows what the other one forbids.

use super::{CacheControlError, CacheDirectives, Qualified, write::is_key};
use std::time::Duration;

/// The first thing that is wrong with these directives.
pub(super) fn check(directives: &CacheDirectives) -> Result<(), CacheControlError> {
    if *directives == CacheDirectives::default() {
        return Err(CacheControlError::Empty);
    }
    for (directive, time) in times(directives) {
        if time.is_some_and(|time| time.subsec_nanos() != 0) {
            let found = time.unwrap_or_default();
            return Err(CacheControlError::NotWholeSeconds { directive, found });
        }
    }
    for (directive, qualified) in [("no-cache", &directives.no_cache), ("private", &directives.private)] {
        if matches!(qualified, Qualified::Fields(fields) if fields.is_empty()) {
            return Err(CacheControlError::NoFields(directive));
        }
    }
    extensions(directives)?;
    contradictions(directives)
}

fn times(directives: &CacheDirectives) -> [(&'static str, Option<Duration>); 4] {
    [
        ("max-age", directives.max_age),
        ("s-maxage", directives.s_maxage),
        ("stale-while-revalidate", directives.stale_while_revalidate),
        ("stale-if-error", directives.stale_if_error),
    ]
}

fn extensions(directives: &CacheDirectives) -> Result<(), CacheControlError> {
    let wrong = |name: &str, problem| Err(CacheControlError::Extension { name: name.to_owned(), problem });
    for (at, extension) in directives.extensions.iter().enumerate() {
        let name = extension.name.as_str();
        if !is_key(name) {
            return wrong(name, "is not a name: lower-case letters, digits, `_`, `-` and `.`");
        }
        if CacheDirectives::KNOWN.contains(&name) {
            return wrong(name, "has a setter of its own");
        }
        if directives.extensions[..at].iter().any(|other| other.name == name) {
            return wrong(name, "is given twice");
        }
        let value = extension.value.as_deref().unwrap_or_default();
        if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return wrong(name, "has a value that is not printable ASCII");
        }
    }
    Ok(())
}

/// Sources: RFC 9111, sections 4.2.4 and 5.2.2; RFC 5861, sections 3 and 4; RFC 8246, section 2.
fn contradictions(said: &CacheDirectives) -> Result<(), CacheControlError> {
    let (no_cache, private) = (said.no_cache == Qualified::Whole, said.private == Qualified::Whole);
    // With `must-understand`, `no-store` is only for caches that do not know it.
    let no_store = said.no_store && !said.must_understand;
    let fresh = |time: Option<Duration>| time.is_some_and(|time| !time.is_zero());
    let allowed = [
        ("public", said.public),
        ("max-age", said.max_age.is_some()),
        ("s-maxage", said.s_maxage.is_some()),
        ("stale-while-revalidate", said.stale_while_revalidate.is_some()),
        ("stale-if-error", said.stale_if_error.is_some()),
        ("immutable", said.immutable),
    ];
    let forbidden = [
        ("no-store", no_store, &[true, true, true, true, true, true], "what is not stored cannot be reused"),
        ("private", private, &[true, false, true, false, false, false], "shared caches must not store it"),
        (
            "must-revalidate",
            said.must_revalidate,
            &[false, false, false, true, true, false],
            "it must never be served stale",
        ),
        (
            "no-cache",
            no_cache,
            &[false, fresh(said.max_age), fresh(said.s_maxage), true, true, true],
            "the origin is to be asked before each reuse",
        ),
        (
            "max-age=0",
            said.max_age.is_some_and(|time| time.is_zero()),
            &[false, false, false, false, false, true],
            "it is never fresh, and only what is fresh stays unchanged",
        ),
    ];
    for (forbids, is_said, what, why) in forbidden {
        for ((allows, given), hit) in allowed.iter().zip(what) {
            if is_said && *given && *hit {
                return Err(CacheControlError::Contradiction { allows, forbids, why });
            }
        }
    }
    if private && said.proxy_revalidate {
        let why = "`proxy-revalidate` speaks to shared caches, which must not store it";
        return Err(CacheControlError::Contradiction { allows: "proxy-revalidate", forbids: "private", why });
    }
    Ok(())
}
