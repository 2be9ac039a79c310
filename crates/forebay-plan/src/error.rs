//! What ends the reading of a plan.

/// Why a text is no plan, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Something else stands where a plan, or a part of one, was expected.
    #[error("line {line}, column {column}: expected {expected}, found {found}")]
    Unexpected {
        /// The line of the input, from 1.
        line: usize,
        /// The character of that line, from 1.
        column: usize,
        /// What would have been right.
        expected: &'static str,
        /// What stands there, shortened.
        found: String,
    },
    /// More than [`Limits`](crate::Limits) allow.
    #[error("line {line}: {what} is more than the {max} that are read")]
    TooLarge {
        /// The line of the input, from 1.
        line: usize,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

/// How much of a wrong place is shown.
const SHOWN_CHARS: usize = 40;

impl ReadError {
    /// `rest` is the input from the place of the error on.
    pub(crate) fn unexpected(line: usize, column: usize, expected: &'static str, rest: &str) -> Self {
        let here = rest.lines().next().unwrap_or("").trim_end();
        let found = if rest.is_empty() {
            "the end of the input".to_owned()
        } else if here.is_empty() {
            "the end of the line".to_owned()
        } else if here.chars().count() > SHOWN_CHARS {
            format!("`{}…`", here.chars().take(SHOWN_CHARS).collect::<String>())
        } else {
            format!("`{here}`")
        };
        Self::Unexpected { line, column, expected, found }
    }

    /// The line of the input the error is in, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::Unexpected { line, .. } | Self::TooLarge { line, .. } => *line,
        }
    }
}
