//! Blocks touched.

use crate::json::Object;

/// Blocks (usually of 8 kB) that were touched. A counter PostgreSQL does not print is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Buffers {
    /// Blocks of tables and indexes found in PostgreSQL's own cache.
    pub shared_hit: u64,
    /// Blocks of tables and indexes that came from the system, or the disk.
    pub shared_read: u64,
    /// Blocks this statement changed first.
    pub shared_dirtied: u64,
    /// Blocks this statement had to write to make room.
    pub shared_written: u64,
    /// Blocks of temporary tables found in the session's cache.
    pub local_hit: u64,
    /// Blocks of temporary tables read.
    pub local_read: u64,
    /// Blocks of temporary tables changed.
    pub local_dirtied: u64,
    /// Blocks of temporary tables written.
    pub local_written: u64,
    /// Blocks of temporary files read: spills of sorts and hashes, materialised rows.
    pub temp_read: u64,
    /// Blocks of temporary files written.
    pub temp_written: u64,
}

/// The keys of PostgreSQL's JSON, in the order of the fields.
const KEYS: [&str; 10] = [
    "Shared Hit Blocks",
    "Shared Read Blocks",
    "Shared Dirtied Blocks",
    "Shared Written Blocks",
    "Local Hit Blocks",
    "Local Read Blocks",
    "Local Dirtied Blocks",
    "Local Written Blocks",
    "Temp Read Blocks",
    "Temp Written Blocks",
];

impl Buffers {
    /// None when buffers were not asked for. The text form leaves out what is 0, so a node without any has none either.
    pub(crate) fn of(fields: &Object) -> Option<Self> {
        let counts = KEYS.map(|key| fields.count(key));
        counts.iter().any(Option::is_some).then(|| Self::from_counts(counts.map(Option::unwrap_or_default)))
    }

    pub(crate) fn counts(self) -> [u64; 10] {
        [
            self.shared_hit,
            self.shared_read,
            self.shared_dirtied,
            self.shared_written,
            self.local_hit,
            self.local_read,
            self.local_dirtied,
            self.local_written,
            self.temp_read,
            self.temp_written,
        ]
    }

    pub(crate) fn from_counts(counts: [u64; 10]) -> Self {
        Self {
            shared_hit: counts[0],
            shared_read: counts[1],
            shared_dirtied: counts[2],
            shared_written: counts[3],
            local_hit: counts[4],
            local_read: counts[5],
            local_dirtied: counts[6],
            local_written: counts[7],
            temp_read: counts[8],
            temp_written: counts[9],
        }
    }

    /// Blocks looked at, wherever they were: shared, local and temporary, hit or read.
    #[must_use]
    pub fn touched(self) -> u64 {
        [self.shared_hit, self.shared_read, self.local_hit, self.local_read, self.temp_read]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}
