//! The lines of an input, without what frames them.

use crate::error::ReadError;

/// A line of the input, or the part of it that is the plan's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    /// Characters before `text`.
    pub(super) before: usize,
    pub(super) text: std::borrow::Cow<'a, str>,
}

/// Lines that are read one after the other.
pub(super) struct Lines<'a> {
    all: &'a [Line<'a>],
    at: usize,
}

/// One line on its way through the readers.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) number: usize,
    pub(super) before: usize,
    pub(super) text: &'a str,
}

impl<'a> Lines<'a> {
    pub(super) fn new(all: &'a [Line<'a>]) -> Self {
        Self { all, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<At<'a>> {
        self.all.get(self.at).map(|line| At { number: line.number, before: line.before, text: &line.text })
    }

    pub(super) fn next(&mut self) -> Option<At<'a>> {
        let line = self.peek()?;
        self.at += 1;
        Some(line)
    }

    /// The lines that are left, as one text.
    pub(super) fn rest(&self) -> String {
        let mut text = String::new();
        for line in &self.all[self.at..] {
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    }

    /// Passes the lines that have the first `bytes` of [`rest`](Self::rest).
    pub(super) fn pass(&mut self, mut bytes: usize) {
        while let Some(line) = self.peek().filter(|_| bytes > 0) {
            bytes = bytes.saturating_sub(line.text.len() + 1);
            self.at += 1;
        }
    }

    /// The line and column of a byte of [`rest`](Self::rest).
    pub(super) fn place(&self, mut byte: usize) -> (usize, usize) {
        for line in &self.all[self.at..] {
            if byte <= line.text.len() {
                let chars = line.text.get(..byte).map_or(0, |text| text.chars().count());
                return (line.number, line.before + chars + 1);
            }
            byte -= line.text.len() + 1;
        }
        self.end()
    }

    /// `rest` is the part of the next line that is wrong, up to its end.
    pub(super) fn unexpected(&self, expected: &'static str, rest: &str) -> ReadError {
        match self.peek() {
            Some(line) => line.unexpected(expected, rest),
            None => self.nothing(expected),
        }
    }

    /// The input ends where something was expected; or has nothing of it at all.
    pub(super) fn nothing(&self, expected: &'static str) -> ReadError {
        if let Some(first) = self.all.iter().find(|line| !line.text.trim().is_empty()) {
            let first = At { number: first.number, before: first.before, text: &first.text };
            return first.unexpected(expected, first.text.trim_start());
        }
        let (line, column) = self.end();
        ReadError::unexpected(line, column, expected, "")
    }

    fn end(&self) -> (usize, usize) {
        self.all.last().map_or((1, 1), |line| (line.number, line.before + line.text.chars().count() + 1))
    }
}

impl At<'_> {
    /// `rest` is the part of this line that is wrong, up to its end.
    pub(super) fn unexpected(self, expected: &'static str, rest: &str) -> ReadError {
        let chars = self.text.len().checked_sub(rest.len()).and_then(|at| self.text.get(..at));
        let column = self.before + chars.map_or(0, |text| text.chars().count()) + 1;
        let rest = if rest.is_empty() { "\n" } else { rest };
        ReadError::unexpected(self.number, column, expected, rest)
    }
}
