//! Why the catalogue could not be read.

use std::{fmt, time::Duration};

/// Why the catalogue could not be read. Its text is one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CatalogProblem {
    /// The database has too many functions, operators, types, views and the like.
    TooMany {
        /// [`CatalogConfig::entries_max`](crate::CatalogConfig).
        max: usize,
    },
    /// Their names and definitions are too long together.
    TooLong {
        /// [`CatalogConfig::bytes_max`](crate::CatalogConfig).
        max: usize,
    },
    /// It took too long.
    TimedOut {
        /// [`CatalogConfig::read_timeout`](crate::CatalogConfig).
        within: Duration,
    },
    /// The server refused, or the connection ended.
    Refused,
}

impl fmt::Display for CatalogProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { max } => {
                write!(f, "it has more than {max} functions, types, views and the like (catalog.entries_max)")
            }
            Self::TooLong { max } => {
                write!(f, "its names and definitions have more than {max} bytes (catalog.bytes_max)")
            }
            Self::TimedOut { within } => {
                write!(f, "it was not read within {within:?} (catalog.read_timeout)")
            }
            Self::Refused => f.write_str("the server did not answer a query"),
        }
    }
}
