//! One value for one key through memory and remote tiers, loaded once, invalidated everywhere.

mod invalidation;
mod sequencer;
mod tier;

pub use invalidation::{Event, Invalidation, Stamp, Strength, Target};
pub use sequencer::{Heard, Mark, Missed, Sequencer, SequencerError};
pub use tier::{Fill, Outcome, Removal, Tier, TierError};
