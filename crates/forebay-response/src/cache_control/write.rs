//! Directives as text: in the form of `Cache-Control`, and as a dictionary of structured fields.

use super::{CacheDirectives, CacheExtension, Qualified, directives::DELTA_SECONDS_MAX};
use std::{fmt::Write, time::Duration};

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// RFC 9111, section 5.2: a token, or a quoted string.
    List,
    /// RFC 9213, section 2.1: a dictionary (RFC 9651, section 3.2), whose values are integers and strings.
    Dictionary,
}

/// The directives in their usual order, each once.
pub(super) fn text(directives: &CacheDirectives, form: Form) -> String {
    let mut out = String::new();
    let flags = [
        ("public", directives.public),
        ("no-store", directives.no_store),
        ("must-understand", directives.must_understand),
        ("no-transform", directives.no_transform),
        ("must-revalidate", directives.must_revalidate),
        ("proxy-revalidate", directives.proxy_revalidate),
        ("immutable", directives.immutable),
    ];
    qualified(&mut out, "private", &directives.private);
    qualified(&mut out, "no-cache", &directives.no_cache);
    for (name, _) in flags.iter().filter(|(_, said)| *said) {
        member(&mut out, name);
    }
    for (name, time) in [
        ("max-age", directives.max_age),
        ("s-maxage", directives.s_maxage),
        ("stale-while-revalidate", directives.stale_while_revalidate),
        ("stale-if-error", directives.stale_if_error),
    ] {
        if let Some(time) = time {
            member(&mut out, name);
            number(&mut out, time);
        }
    }
    for extension in &directives.extensions {
        add(&mut out, extension, form);
    }
    out
}

/// Whether a name can be the key of a dictionary; all that can are tokens as well.
pub(super) fn is_key(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.')
        })
}

fn member(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push_str(", ");
    }
    out.push_str(name);
}

fn number(out: &mut String, time: Duration) {
    write!(out, "={}", time.as_secs().min(DELTA_SECONDS_MAX)).expect("a string takes everything");
}

fn qualified(out: &mut String, name: &str, qualified: &Qualified) {
    match qualified {
        Qualified::Absent => {}
        Qualified::Whole => member(out, name),
        Qualified::Fields(fields) => {
            member(out, name);
            let fields: Vec<_> = fields.iter().map(http::HeaderName::as_str).collect();
            // Quoted in both forms, even a single one: that is what a sender of the list form should do.
            quoted(out, &fields.join(", "));
        }
    }
}

fn add(out: &mut String, extension: &CacheExtension, form: Form) {
    member(out, &extension.name);
    let Some(value) = &extension.value else { return };
    // Fifteen digits is what an integer of a structured field has at most (RFC 9651, section 3.3.1).
    let integer = !value.is_empty() && value.len() <= 15 && value.bytes().all(|b| b.is_ascii_digit());
    let token = !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if integer || (token && form == Form::List) {
        out.push('=');
        // An integer of a structured field has no leading zeros.
        let zeros = value.bytes().take(value.len() - 1).take_while(|b| *b == b'0').count();
        out.push_str(if integer { &value[zeros..] } else { value });
    } else {
        quoted(out, value);
    }
}

fn quoted(out: &mut String, value: &str) {
    out.push_str("=\"");
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}
