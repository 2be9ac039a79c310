//! A statement being rewritten, word by word.

use super::shape::Shape;
use crate::words::Words;
use forebay_sql::{Keyword, TokenKind};
use std::collections::BTreeMap;

/// The words of a statement, and what comes in their place.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    words: &'a Words<'a>,
    instead: BTreeMap<usize, String>,
    behind: String,
    /// Parameters of the new statement.
    parameters: usize,
}

impl<'a> Draft<'a> {
    /// A draft in which values that are written into the statement and are not `changing` are parameters, unless `literals` may be
    /// seen. `None` where one of them cannot be one.
    pub(super) fn of(shape: &'a Shape<'a>, changing: &[usize], literals: bool) -> Option<Self> {
        let parameters =
            shape.sites.iter().filter_map(|site| site.parameter).max().map_or(0, |last| last + 1);
        let mut draft =
            Self { words: &shape.words, instead: BTreeMap::new(), behind: String::new(), parameters };
        for (at, site) in shape.sites.iter().enumerate() {
            if site.parameter.is_none()
                && !changing.contains(&at)
                && !literals
                && !is_harmless(draft.words, site.at)
            {
                let parameter = draft.parameter_for(site.at)?;
                draft.replace(site.at, parameter);
            }
        }
        Some(draft)
    }

    /// A new parameter in the place of a value; not where a type stands before it, which takes a literal only.
    fn parameter_for(&mut self, at: usize) -> Option<String> {
        let typed = at.checked_sub(1).is_some_and(|before| {
            matches!(self.words.kind(before), Some(TokenKind::Name | TokenKind::QuotedName))
                || self.words.is_any(before, &[Keyword::Interval, Keyword::Time, Keyword::Timestamp])
        });
        (!typed).then(|| self.new_parameter())
    }

    pub(super) fn new_parameter(&mut self) -> String {
        self.parameters += 1;
        format!("${}", self.parameters)
    }

    pub(super) fn replace(&mut self, at: usize, text: impl Into<String>) {
        self.instead.insert(at, text.into());
    }

    /// Adds words before one, which stays as it is so far.
    pub(super) fn insert(&mut self, before: usize, text: &str) {
        let there = self.instead.get(&before).map_or(self.words.text(before), String::as_str);
        self.instead.insert(before, format!("{text} {there}"));
    }

    /// Adds words right behind one.
    pub(super) fn add_to(&mut self, at: usize, text: &str) {
        let there = self.instead.get(&at).map_or(self.words.text(at), String::as_str);
        self.instead.insert(at, format!("{there}{text}"));
    }

    pub(super) fn append(&mut self, text: &str) {
        self.behind.push(' ');
        self.behind.push_str(text);
    }

    /// The statement on one line.
    pub(super) fn finish(&self) -> String {
        let mut out = String::new();
        for at in 0..self.words.len() {
            let text = self.instead.get(&at).map_or(self.words.text(at), String::as_str);
            if at > 0 && !text.is_empty() && self.words.is_apart(at) {
                out.push(' ');
            }
            out.push_str(text);
        }
        out.push_str(&self.behind);
        out
    }
}

/// Numbers of one or two digits tell nothing, and may be positions in `ORDER BY`.
fn is_harmless(words: &Words<'_>, at: usize) -> bool {
    words.kind(at) == Some(TokenKind::Number) && words.text(at).len() <= 2
}
