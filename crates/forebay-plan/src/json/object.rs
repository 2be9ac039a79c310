//! Keys and their values.

use super::Value;

/// Keys and values in the input's order; a key may be repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// The first value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The number under a key.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.number()
    }

    /// The number under a key, where it counts something: not negative, rounded to a whole.
    #[must_use]
    pub fn count(&self, key: &str) -> Option<u64> {
        // `as` saturates, so nothing a plan says can overflow.
        self.number(key).map(|number| number.max(0.0).round() as u64)
    }

    /// The string under a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Every key with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(feature = "pool")]
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.0.iter_mut().map(|(key, value)| (key.as_str(), value))
    }

    pub(crate) fn push(&mut self, key: impl Into<String>, value: Value) {
        self.0.push((key.into(), value));
    }

    pub(crate) fn last_mut(&mut self) -> Option<&mut Value> {
        self.0.last_mut().map(|(_, value)| value)
    }

    /// The first value of a key, made when there is none.
    pub(crate) fn entry(&mut self, key: &str, new: impl FnOnce() -> Value) -> &mut Value {
        let at = match self.0.iter().position(|(name, _)| name == key) {
            Some(at) => at,
            None => {
                self.push(key, new());
                self.0.len() - 1
            }
        };
        &mut self.0[at].1
    }

    /// Takes the first value of a key out.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }
}
