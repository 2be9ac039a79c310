use serde::Serialize;

/// What one remote tier did since it was guarded, for every cache that uses it on this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TierStats {
    /// The tier's name.
    pub tier: String,
    /// The circuit breaker in front of it: `closed`, `half_open` or `open`.
    pub breaker: &'static str,
    /// Calls it answered.
    pub done: u64,
    /// Calls it answered with an error.
    pub failed: u64,
    /// Calls it did not answer before the deadline.
    pub late: u64,
    /// Calls that were not made, because the breaker was open.
    pub skipped: u64,
    /// Bytes of envelopes it gave.
    pub read_bytes: u64,
    /// Bytes of envelopes it was given.
    pub written_bytes: u64,
    /// Fills it did not take.
    pub refused: u64,
    /// Tombstones it has not confirmed yet.
    pub tombstones_owed: u64,
}
