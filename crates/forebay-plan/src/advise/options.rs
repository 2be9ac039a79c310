//! How advice is looked for.

use std::time::Duration;

/// How advice is looked for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Bytes that all proposed indexes may have together. Default: no bound.
    pub bytes_max: Option<u64>,
    /// Indexes that are proposed at most. Default: 20.
    pub indexes_max: usize,
    /// Whether HypoPG may be installed in the database where it is available and not there yet (`CREATE EXTENSION hypopg`). The one
    /// thing that is ever changed, and it stays. Default: false.
    pub create_extension: bool,
    /// How long planning one statement, or one query of the catalogue, may take. Default: 5 s.
    pub statement_timeout: Duration,
    /// How long to wait for a lock somebody holds on a table. Default: 500 ms.
    pub lock_timeout: Duration,
    /// How long to compare sets of indexes; the best found by then is the answer. Default: 60 s.
    pub time_max: Duration,
    /// Lists of values, or spellings with other constants, that are planned of one statement. Default: 5.
    pub samples_max: usize,
    /// Statements that are used, the weightiest first. Default: 1000.
    pub statements_max: usize,
    /// Indexes that are thought of. Default: 2000.
    pub candidates_max: usize,
    /// Scans of indexes on other servers of the cluster, by `schema.index` (see [`index_scans`](super::index_scans)). Default: none, which the advice says.
    pub scans_elsewhere: Option<std::collections::HashMap<String, u64>>,
    /// Calls of its statements, and scans of its table, from which on an index that was advised and never scanned is called unused by a
    /// [`Ledger`](super::Ledger). Default: 1000.
    pub unused_calls_min: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bytes_max: None,
            indexes_max: 20,
            create_extension: false,
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_millis(500),
            time_max: Duration::from_secs(60),
            samples_max: 5,
            statements_max: 1000,
            candidates_max: 2000,
            scans_elsewhere: None,
            unused_calls_min: 1000,
        }
    }
}
