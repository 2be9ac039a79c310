use crate::{Event, Invalidation, Stamp};
use async_trait::async_trait;
use forebay_scope::Tag;
use std::fmt;

/// Numbers the invalidations of one namespace, and carries them between its nodes.
///
/// Invalidations of a namespace form one chain: each takes the next number and names its predecessor by a
/// random link, so that a lost message shows as a gap and a rewound server as a link that does not match.
/// `dyn` because configuration picks it; only invalidations and misses come here, never a hit in memory.
#[async_trait]
pub trait Sequencer: fmt::Debug + Send + Sync + 'static {
    /// Gives `invalidation` the next number, keeps it for replay and tells the other nodes.
    ///
    /// Once this returns, every node hears of it or notices that it missed something.
    async fn issue(&self, invalidation: &Invalidation) -> Result<Event, SequencerError>;

    /// What came after `mark`; `None` asks for the present end of the chain and no events (a node that joins).
    async fn missed(&self, mark: Option<Mark>) -> Result<Missed, SequencerError>;

    /// The newest number that invalidated each tag, in the order asked; a tag never invalidated (or forgotten)
    /// answers with the namespace's floor, below which nothing is trusted.
    async fn newest(&self, tags: &[Tag]) -> Result<Vec<u64>, SequencerError>;

    /// The next thing heard on the backplane. Cancel safe: what was not returned is returned by the next call.
    async fn heard(&self) -> Heard;
}

/// How far a node has followed the chain without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Epoch and number of the newest applied invalidation.
    pub stamp: Stamp,
    /// That invalidation's own link.
    pub link: u64,
}

/// What a node has to do to be up to date again.
#[derive(Debug, Clone)]
pub struct Missed {
    /// The events after the mark, oldest first.
    pub events: Vec<Event>,
    /// The end of the chain.
    pub end: Mark,
    /// Whether `events` is everything: `false` when the chain was trimmed, rewound or restarted past the mark,
    /// so that whatever the node holds is suspect.
    pub complete: bool,
}

/// News from the backplane.
#[derive(Debug, Clone)]
pub enum Heard {
    /// Another node (or this one) invalidated something.
    Event(Event),
    /// The bus is alive and this is the end of the chain: a heartbeat.
    Alive(Mark),
    /// The bus was interrupted: ask for what was missed.
    Interrupted,
}

/// The sequencer could not be reached, or answered something unexpected.
#[derive(Debug, thiserror::Error)]
#[error("sequencer: {step} failed")]
pub struct SequencerError {
    /// What was being done: `issue`, `replay`, `newest`.
    pub step: &'static str,
    /// What the client said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
