//! Which parameters of a query make a difference: those that are chosen, or those that `No-Vary-Search` leaves.

use super::rules::QueryRule;
use crate::fields::is_mask;
use crate::structured::{Value, dictionary, joined};
use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

static NO_VARY_SEARCH: HeaderName = HeaderName::from_static("no-vary-search");

/// What `No-Vary-Search` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Search {
    /// Whether the order of parameters makes no difference.
    any_order: bool,
    /// With `except`, the only parameters that make a difference; else those that make none.
    names: Vec<String>,
    except: bool,
}

impl Search {
    /// `None` where nothing is said, or nothing valid, or that everything makes a difference.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let said = dictionary(&joined(headers, &NO_VARY_SEARCH)?)?;
        let get = |name: &str| said.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let any_order = match get("key-order") {
            None => false,
            Some(Value::Boolean(any)) => *any,
            Some(_) => return None,
        };
        let (names, except) = match (get("params"), get("except")) {
            (None | Some(Value::Boolean(false)), None) => (Vec::new(), false),
            (Some(Value::Boolean(true)), None) => (Vec::new(), true),
            (Some(Value::Boolean(true)), Some(Value::List(left))) => (strings(left)?, true),
            (Some(Value::List(ignored)), None) => (strings(ignored)?, false),
            _ => return None,
        };
        (any_order || except || !names.is_empty()).then_some(Self { any_order, names, except })
    }

    fn reduced(&self, query: &str) -> String {
        let mut left: Vec<(Cow<'_, str>, &str)> = parameters(query)
            .filter(|(name, _)| self.names.iter().any(|known| known == name) == self.except)
            .collect();
        if self.any_order {
            left.sort_by(|a, b| a.0.cmp(&b.0));
        }
        written(&left)
    }
}

/// The part of a query that makes a difference.
pub(crate) fn reduced<'a>(query: &'a str, rule: &QueryRule, search: Option<&Search>) -> Cow<'a, str> {
    let chosen = match rule {
        QueryRule::All => Cow::Borrowed(query),
        QueryRule::Names(names) => {
            let mut left: Vec<_> =
                parameters(query).filter(|(name, _)| names.iter().any(|known| known == name)).collect();
            left.sort_by(|a, b| a.0.cmp(&b.0));
            Cow::Owned(written(&left))
        }
    };
    match search {
        Some(search) => Cow::Owned(search.reduced(&chosen)),
        None => chosen,
    }
}

/// A query without the parameters that hold a field mask.
pub(crate) fn without_mask(query: &str, parameter: &str) -> String {
    let left: Vec<_> = parameters(query).filter(|(name, _)| !is_mask(name, parameter)).collect();
    written(&left)
}

fn strings(list: &[Value]) -> Option<Vec<String>> {
    let string = |value: &Value| if let Value::String(text) = value { Some(text.clone()) } else { None };
    list.iter().map(string).collect()
}

fn written(parameters: &[(Cow<'_, str>, &str)]) -> String {
    parameters.iter().map(|(_, text)| *text).collect::<Vec<_>>().join("&")
}

/// Each parameter by its decoded name, and as it stands there.
fn parameters(query: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    query.split('&').filter(|text| !text.is_empty()).map(|text| {
        let name = text.split('=').next().unwrap_or(text);
        (decoded(name), text)
    })
}

fn decoded(name: &str) -> Cow<'_, str> {
    if !name.contains(['%', '+']) {
        return Cow::Borrowed(name);
    }
    let bytes = name.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[at], escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                plain.push(byte);
                at += 2;
            }
            (b'+', _) => plain.push(b' '),
            (byte, _) => plain.push(byte),
        }
        at += 1;
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn by(line: &'static str, query: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert("no-vary-search", HeaderValue::from_static(line));
        Some(reduced(query, &QueryRule::All, Some(&Search::of(&headers)?)).into_owned())
    }

    #[test]
    fn chosen_names_are_sorted_and_others_left_out() {
        let rule = QueryRule::Names(vec!["page".into(), "a b".into()]);
        assert_eq!(reduced("utm=1&page=2&a+b=3&x", &rule, None), "a+b=3&page=2");
        assert_eq!(reduced("%70age=2", &rule, None), "%70age=2");
    }

    #[test]
    fn no_vary_search_is_read_by_its_draft() {
        assert_eq!(by("params=(\"utm\")", "utm=1&b=2&a=1").as_deref(), Some("b=2&a=1"));
        assert_eq!(by("key-order", "b=2&a=1").as_deref(), Some("a=1&b=2"));
        assert_eq!(by("params, except=(\"id\")", "b=2&id=1").as_deref(), Some("id=1"));
        assert_eq!(by("params", "b=2&id=1").as_deref(), Some(""));
        for nothing in ["params=?0", "except=(\"x\")", "params=(x)", "params=1", "key-order=1", "("] {
            assert_eq!(by(nothing, "a"), None, "{nothing}");
        }
    }
}
