//! Structured fields (RFC 9651), as much of them as caching fields use: dictionaries and lists; parameters are
//! read over. What does not parse is no field at all, as the RFC asks.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Every line of a field as one text; `None` without any, or where it is no text.
pub(crate) fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Result<Vec<&str>, _> = headers.get_all(name).iter().map(HeaderValue::to_str).collect();
    lines.ok().filter(|lines| !lines.is_empty()).map(|lines| lines.join(", "))
}

/// A bare item, or an inner list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Integer(i64),
    Boolean(bool),
    String(String),
    Token(String),
    /// A decimal, a byte sequence or a date: well formed, and of no use here.
    Other,
    List(Vec<Value>),
}

/// The members of a dictionary; of a repeated key the last counts.
pub(crate) fn dictionary(text: &str) -> Option<Vec<(String, Value)>> {
    let mut parser = Parser::new(text);
    let mut members: Vec<(String, Value)> = Vec::new();
    while !parser.rest.is_empty() {
        let key = parser.key()?;
        let value = if parser.take(b'=') { parser.member()? } else { Value::Boolean(true) };
        parser.parameters()?;
        members.retain(|(known, _)| *known != key);
        members.push((key, value));
        parser.comma()?;
    }
    Some(members)
}

/// The members of a list.
#[cfg(any(feature = "cache", test))]
pub(crate) fn list(text: &str) -> Option<Vec<Value>> {
    let mut parser = Parser::new(text);
    let mut members = Vec::new();
    while !parser.rest.is_empty() {
        members.push(parser.member()?);
        parser.parameters()?;
        parser.comma()?;
    }
    Some(members)
}

struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text.trim_matches(' ').as_bytes() }
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.rest.first() == Some(&byte);
        if taken {
            self.rest = &self.rest[1..];
        }
        taken
    }

    fn take_while(&mut self, is_part: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !is_part(byte)).unwrap_or(self.rest.len());
        let (part, rest) = self.rest.split_at(end);
        self.rest = rest;
        part
    }

    /// What stands between members; a comma that nothing follows is an error.
    fn comma(&mut self) -> Option<()> {
        let blank = |byte| matches!(byte, b' ' | b'\t');
        self.take_while(blank);
        if self.rest.is_empty() {
            return Some(());
        }
        let found = self.take(b',');
        self.take_while(blank);
        (found && !self.rest.is_empty()).then_some(())
    }

    fn key(&mut self) -> Option<String> {
        self.rest.first().filter(|byte| byte.is_ascii_lowercase() || **byte == b'*')?;
        let is_part = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.' | b'*')
        };
        text(self.take_while(is_part))
    }

    fn member(&mut self) -> Option<Value> {
        if !self.take(b'(') {
            return self.item();
        }
        let mut items = Vec::new();
        loop {
            self.take_while(|byte| byte == b' ');
            if self.take(b')') {
                return Some(Value::List(items));
            }
            items.push(self.item()?);
            self.parameters()?;
            self.rest.first().filter(|byte| matches!(byte, b' ' | b')'))?;
        }
    }

    fn parameters(&mut self) -> Option<()> {
        while self.take(b';') {
            self.take_while(|byte| byte == b' ');
            self.key()?;
            if self.take(b'=') {
                self.item()?;
            }
        }
        Some(())
    }

    fn item(&mut self) -> Option<Value> {
        match *self.rest.first()? {
            b'"' => self.string(),
            b'?' => self.boolean(),
            b':' => {
                self.rest = &self.rest[1..];
                self.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
                self.take(b':').then_some(Value::Other)
            }
            b'@' => {
                self.rest = &self.rest[1..];
                self.number().filter(|date| matches!(date, Value::Integer(_))).map(|_| Value::Other)
            }
            b'-' | b'0'..=b'9' => self.number(),
            first if first.is_ascii_alphabetic() || first == b'*' => {
                let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte);
                text(self.take_while(is_part)).map(Value::Token)
            }
            _ => None,
        }
    }

    fn boolean(&mut self) -> Option<Value> {
        let value = match self.rest.get(1)? {
            b'0' => false,
            b'1' => true,
            _ => return None,
        };
        self.rest = &self.rest[2..];
        Some(Value::Boolean(value))
    }

    fn string(&mut self) -> Option<Value> {
        self.rest = &self.rest[1..];
        let mut text = String::new();
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            match byte {
                b'"' => return Some(Value::String(text)),
                b'\\' => {
                    let (&escaped, rest) = self.rest.split_first()?;
                    self.rest = rest;
                    matches!(escaped, b'"' | b'\\').then(|| text.push(char::from(escaped)))?;
                }
                b' '..=b'~' => text.push(char::from(byte)),
                _ => return None,
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let negative = self.take(b'-');
        let digits = text(self.take_while(|byte| byte.is_ascii_digit()))?;
        if digits.is_empty() || digits.len() > 15 {
            return None;
        }
        if self.take(b'.') {
            let fraction = self.take_while(|byte| byte.is_ascii_digit());
            return (digits.len() <= 12 && (1..=3).contains(&fraction.len())).then_some(Value::Other);
        }
        let number: i64 = digits.parse().ok()?;
        Some(Value::Integer(if negative { -number } else { number }))
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dictionaries_are_read_by_the_rfc() {
        let read = dictionary("max-age=60, public;x=1, a=?0, n=-5, l=(\"x\" y), s=\"q\\\"\"").expect("valid");
        let get = |name: &str| read.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        assert_eq!(get("max-age"), Some(Value::Integer(60)));
        assert_eq!(get("public"), Some(Value::Boolean(true)));
        assert_eq!(get("a"), Some(Value::Boolean(false)));
        assert_eq!(get("n"), Some(Value::Integer(-5)));
        assert_eq!(get("l"), Some(Value::List(vec![Value::String("x".into()), Value::Token("y".into())])));
        assert_eq!(get("s"), Some(Value::String("q\"".into())));
        assert_eq!(dictionary("a=1, a=2").expect("valid"), [("a".into(), Value::Integer(2))]);
    }

    #[test]
    fn what_is_malformed_is_no_field() {
        for bad in [
            "a=1,",
            "A=1",
            "a=1 b",
            "a==1",
            "a=\"x",
            "a=(1",
            "a=1;",
            "a=.5",
            ",",
            "a=?2",
            "a=1234567890123456",
        ] {
            assert_eq!(dictionary(bad), None, "{bad}");
        }
        assert_eq!(list("\"a\", \"b\"").map(|members| members.len()), Some(2));
        assert_eq!(list("\"a\" \"b\""), None);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC*") {
            drop((dictionary(&text), list(&text)));
        }
    }
}
