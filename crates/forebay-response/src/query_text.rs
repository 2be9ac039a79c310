//! The parameters of a request's query.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// A query that is not UTF-8 once decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotText;

/// A name and its value, decoded.
pub(crate) type Parameter<'q> = (Cow<'q, str>, Cow<'q, str>);

/// The decoded parameters whose names `wanted` accepts (undecoded values of others are not looked at).
///
/// Source: the form encoding of the URL standard, section 5.1: `&` between, `+` for a space.
pub(crate) fn parameters<'q>(
    query: &'q str,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Parameter<'q>>, NotText> {
    let mut found = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Ok(name) = decoded(name) else { continue };
        if wanted(&name) {
            found.push((name, decoded(value)?));
        }
    }
    Ok(found)
}

fn decoded(text: &str) -> Result<Cow<'_, str>, NotText> {
    if !text.contains(['%', '+']) {
        return Ok(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| NotText)?;
    Ok(Cow::Owned(decoded.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(query: &str) -> Vec<(String, String)> {
        let found = parameters(query, |_| true).expect("text");
        found.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    #[test]
    fn names_and_values_are_decoded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(all("a=1&b%5Bc%5D=x+y&&d"), [pair("a", "1"), pair("b[c]", "x y"), pair("d", "")]);
    }

    #[test]
    fn only_what_is_wanted_must_be_text() {
        assert_eq!(parameters("a=%FF&b=1", |name| name == "b").map(|found| found.len()), Ok(1));
        assert_eq!(parameters("a=%FF", |name| name == "a"), Err(NotText));
    }
}
