use serde::Serialize;

/// What an entry is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// It is served as it is.
    Fresh,
    /// It is served while it is being reloaded.
    Stale,
    /// It is served only when a reload fails.
    Fallback,
    /// Its time is over.
    Expired,
    /// Something it depends on was invalidated after its load began.
    Invalid,
    /// Another codec or schema wrote it, so that this cache cannot read it.
    OtherForm,
    /// Its tags are encrypted with a key that is not known here, so that nothing tells whether one was invalidated; what
    /// else it depends on was not.
    Sealed,
    /// How old it is cannot be told: it has a ttl, and the tier does not say when it was put.
    AgeUnknown,
}

/// One thing an entry was held against: it is good when nothing of it has a number above the entry's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What was looked at.
    pub against: Against,
    /// The newest number that hit it; `None` when that has none (a soft invalidation of the key in memory, an
    /// unanswered question).
    pub newest: Option<u64>,
    /// Whether `newest` is the number itself. Otherwise it is a bound: nothing newer hit it, something older may have.
    pub exact: bool,
    /// Whether the entry may be used as far as this is concerned.
    pub passed: bool,
}

/// What an entry is held against.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Against {
    /// Invalidations of the key.
    Key,
    /// Invalidations of a tag.
    Tag(String),
    /// Invalidations of prefixes and patterns that the key matches, and those no longer remembered in detail.
    Pattern,
    /// What hits every entry of the cache: clears, and whatever is no longer remembered in detail.
    Floor,
    /// The epoch of the chain: numbers of another one mean nothing.
    Epoch,
    /// The key's tombstone in a tier above.
    Tombstone,
    /// The sequencer, which had to be asked and did not answer.
    Sequencer,
}

impl Check {
    pub(crate) fn passed(against: Against, newest: u64, exact: bool) -> Self {
        Self { against, newest: Some(newest), exact, passed: true }
    }

    /// Compares the newest number with that of an entry.
    pub(crate) fn of(against: Against, newest: u64, exact: bool, own: u64) -> Self {
        Self { against, newest: Some(newest), exact, passed: own >= newest }
    }

    /// What fails without a number.
    pub(crate) fn failed(against: Against) -> Self {
        Self { against, newest: None, exact: true, passed: false }
    }
}
