//! What ends a command early.

use std::io;
use std::path::PathBuf;

use forebay_cache::{KeyringError, fred10::InspectError};
use forebay_plan::ReadError;
use forebay_plan::advise::AdviseError;
use forebay_pool::PoolError;

/// The errors of the commands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The input file cannot be opened.
    #[error("cannot open {}", path.display())]
    Open { path: PathBuf, source: io::Error },
    /// The input broke off.
    #[error("cannot read {name}")]
    Read { name: String, source: io::Error },
    /// Bytes that are no UTF-8, where the whole input has to be.
    #[error("{name}, line {line}: not valid UTF-8")]
    NotText { name: String, line: usize },
    /// More than is read.
    #[error("{name}: more than the {bytes_max} bytes that are read")]
    TooLarge { name: String, bytes_max: usize },
    /// A drawing cannot be written.
    #[error("cannot write {}", path.display())]
    Draw { path: PathBuf, source: io::Error },
    /// A ledger cannot be written.
    #[error("cannot write {}", path.display())]
    Save { path: PathBuf, source: io::Error },
    /// What is no query plan; the place is in the source.
    #[error("{name}")]
    Plan { name: String, source: ReadError },
    /// A key that cannot be meant.
    #[error("key {key:?}: {problem}")]
    Key { key: String, problem: String },
    /// A file of encryption keys that is none; what it holds is not repeated.
    #[error("{} is no file of encryption keys", path.display())]
    Keys { path: PathBuf, source: KeyringError },
    /// A namespace in Redis could not be looked at.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// Redis did not do its work.
    #[error("Redis failed: {problem}")]
    Redis { problem: String },
    /// The catalogue of a database could not be read.
    #[error(transparent)]
    Catalog(#[from] Box<PoolError>),
    /// The database of `advise` cannot be reached.
    #[error(transparent)]
    Connect(Box<PoolError>),
    /// There is no advice.
    #[error(transparent)]
    Advise(#[from] Box<AdviseError>),
    /// No threads, no timers.
    #[error("cannot start")]
    Runtime { source: io::Error },
    /// The output cannot be written.
    #[error("cannot write the answer")]
    Write { source: io::Error },
}

impl Error {
    /// Whether whoever reads the output has gone away, which is no trouble: `forebay route … | head`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { source } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
