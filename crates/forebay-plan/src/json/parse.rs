//! Text to values, without recursion.

use super::{Object, Value};

/// What is wrong, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Something else was expected.
    Expected(&'static str, usize),
    /// More levels than are read.
    TooDeep(usize),
}

/// A container that is not closed yet.
enum Open {
    List(Vec<Value>),
    Object(Object, String),
}

/// The value at the start of `text`, and how many bytes it takes; what follows is not looked at.
pub(crate) fn parse(text: &str, depth_max: usize) -> Result<(Value, usize), Fault> {
    let mut input = Input { text, at: 0 };
    let mut open: Vec<Open> = Vec::new();
    loop {
        input.blank();
        let mut value = match input.rest().as_bytes().first() {
            Some(b'[' | b'{') if open.len() >= depth_max => return Err(Fault::TooDeep(input.at)),
            Some(b'[') => {
                input.step(1);
                if !input.skip(b']') {
                    open.push(Open::List(Vec::new()));
                    continue;
                }
                Value::List(Vec::new())
            }
            Some(b'{') => {
                input.step(1);
                if !input.skip(b'}') {
                    let key = input.key()?;
                    open.push(Open::Object(Object::default(), key));
                    continue;
                }
                Value::Object(Object::default())
            }
            Some(b'"') => Value::Text(input.string()?),
            _ => input.word()?,
        };
        // The value is complete: into its container, which may be complete with it.
        loop {
            match open.pop() {
                None => return Ok((value, input.at)),
                Some(Open::List(mut values)) => {
                    values.push(value);
                    if input.skip(b',') {
                        open.push(Open::List(values));
                        break;
                    }
                    input.demand(b']', "`,` or `]`")?;
                    value = Value::List(values);
                }
                Some(Open::Object(mut object, key)) => {
                    object.push(key, value);
                    if input.skip(b',') {
                        let key = input.key()?;
                        open.push(Open::Object(object, key));
                        break;
                    }
                    input.demand(b'}', "`,` or `}`")?;
                    value = Value::Object(object);
                }
            }
        }
    }
}

/// A text and how far it was read.
pub(super) struct Input<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Input<'a> {
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn step(&mut self, bytes: usize) {
        self.at += bytes;
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    /// Whether this byte is next; then it is read.
    fn skip(&mut self, byte: u8) -> bool {
        self.blank();
        let there = self.rest().as_bytes().first() == Some(&byte);
        self.at += usize::from(there);
        there
    }

    fn demand(&mut self, byte: u8, expected: &'static str) -> Result<(), Fault> {
        if self.skip(byte) { Ok(()) } else { Err(Fault::Expected(expected, self.at)) }
    }

    fn key(&mut self) -> Result<String, Fault> {
        self.blank();
        if !self.rest().starts_with('"') {
            return Err(Fault::Expected("a key in quotes", self.at));
        }
        let key = self.string()?;
        self.demand(b':', "`:` after a key")?;
        Ok(key)
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<Value, Fault> {
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let value = match &rest[..end] {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            number if is_number(number) => Value::digits(number),
            _ => return Err(Fault::Expected("a value", self.at)),
        };
        self.at += end;
        Ok(value)
    }
}

/// Whether a word is a number by JSON's grammar (RFC 8259, section 6).
fn is_number(word: &str) -> bool {
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
