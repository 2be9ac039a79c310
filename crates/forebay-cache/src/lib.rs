//! One value for one key through memory and remote tiers, loaded once, invalidated everywhere.

mod codec;
pub mod envelope;
mod invalidation;
mod sequencer;
mod tier;

pub use codec::{Codec, CodecError, Fingerprint, MessagePack};
pub use invalidation::{Event, Invalidation, Stamp, Strength, Target};
pub use sequencer::{Heard, Mark, Missed, Newest, Sequencer, SequencerError};
pub use tier::{Fill, Outcome, Removal, Stored, Tier, TierError};
