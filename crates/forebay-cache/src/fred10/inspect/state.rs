use crate::Stamp;
use fred::types::Value;
use serde::Serialize;
use std::collections::HashMap;

/// A namespace's chain of invalidations, as Redis has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChainState {
    /// The namespace's name.
    pub namespace: String,
    /// Epoch and number of the newest invalidation.
    pub newest: Stamp,
    /// Remote entries with a smaller number are misses.
    pub floor: u64,
    /// Events kept for replay to nodes that missed some.
    pub events_kept: u64,
    /// Names of tags, keys and cleared caches whose newest number is kept; one that is in both tables counts twice.
    pub names_kept: u64,
    /// Databases whose newest position is kept.
    pub databases: u64,
}

/// The fields of the chain's hash.
pub(super) struct Raw {
    newest: Stamp,
    floor: u64,
    databases: u64,
}

impl Raw {
    /// `None` when there is no chain, or a part of it is gone.
    pub(super) fn of(fields: &HashMap<String, Value>) -> Option<Self> {
        let number = |name: &str| fields.get(name)?.as_string()?.parse::<u64>().ok();
        let epoch = fields.get("epoch")?.clone().into_bytes()?;
        let epoch = u64::from_be_bytes(<[u8; 8]>::try_from(&epoch[..]).ok()?);
        let databases =
            fields.keys().filter(|name| name.starts_with('p') && *name != "patterns").count() as u64;
        Some(Self { newest: Stamp { epoch, number: number("number")? }, floor: number("floor")?, databases })
    }

    pub(super) fn state(self, namespace: &str, events_kept: u64, newer: u64, older: u64) -> ChainState {
        // Each table holds its mark besides.
        let names_kept = newer.saturating_sub(1) + older.saturating_sub(1);
        let Self { newest, floor, databases } = self;
        ChainState { namespace: namespace.to_owned(), newest, floor, events_kept, names_kept, databases }
    }
}
