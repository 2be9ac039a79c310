//! What a proxy does to the bytes that pass.

use std::time::Duration;

/// The faults in force. The default is none.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    /// Replies arrive this much later.
    pub(super) delay: Duration,
    /// Replies pass at this rate.
    pub(super) throttle: Option<u64>,
    /// A connection passes this many more bytes of replies.
    pub(super) cut_after: Option<Cut>,
    /// Nothing passes.
    pub(super) black_hole: bool,
}

/// A limit on reply bytes, counted by each connection from when it was set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) bytes: u64,
    /// Tells this limit from an earlier one.
    pub(super) number: u64,
}
