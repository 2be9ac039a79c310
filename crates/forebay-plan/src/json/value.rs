//! One value.

use super::Object;

/// A JSON value. A number keeps its spelling, so that `0.10` and `12345678901234567890` are written as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, spelled as in the input.
    Number(Box<str>),
    /// A string, without quotes and escapes.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Keys and values in the input's order.
    Object(Object),
}

impl Value {
    /// The number, if it is one. What has no finite `f64` is none.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(digits) => digits.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values of a list; none when it is no list.
    #[must_use]
    pub fn list(&self) -> &[Value] {
        match self {
            Self::List(values) => values,
            _ => &[],
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub fn object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Digits that were already found to be a number.
    pub(crate) fn digits(digits: &str) -> Self {
        Self::Number(digits.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
