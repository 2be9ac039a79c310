use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a node does with its memory when nothing was heard of the others' invalidations for longer than
/// [`silence_max`](crate::NamespaceBuilder::silence_max).
///
/// Whatever is chosen, invalidations of this node hold here at once and wait for the backplane to come back; then what was
/// missed is replayed. While a policy is at work remote tiers are not used: this node could not tell what of theirs was
/// invalidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhenSilent {
    /// What is in memory is loaded again on its next use, and then trusted for another `silence_max`, and so on: a value
    /// that another node invalidated is served for `silence_max` at most.
    #[default]
    Revalidate,
    /// Memory goes on as if nothing were for this long since the last sign of life, then as with `Revalidate` but each
    /// time this long passes: the bound on staleness in an outage. Not below `silence_max`.
    ServeStale(#[serde(with = "humantime_serde")] Duration),
    /// Every read loads, those at the same time together; what is in memory serves only when that fails. Nothing is older
    /// than its load.
    Bypass,
}
