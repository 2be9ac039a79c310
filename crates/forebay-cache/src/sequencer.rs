use crate::{Event, Invalidation, Stamp, Target};
use async_trait::async_trait;
use forebay_scope::{Positions, Tag};
use std::fmt;

/// Numbers the invalidations of one namespace, and carries them between its nodes.
///
/// Invalidations of a namespace form one chain: each takes the next number and names its predecessor by a
/// random link, so that a lost message shows as a gap and a rewound server as a link that does not match. A server that
/// may have lost numbers goes on in a new epoch, so that none of them is handed out twice.
/// `dyn` because configuration picks it; only invalidations and misses come here, never a hit in memory.
#[async_trait]
pub trait Sequencer: fmt::Debug + Send + Sync + 'static {
    /// Gives `invalidation` the next number, keeps it for replay and tells the other nodes.
    ///
    /// Once this returns, every node hears of it or notices that it missed something.
    async fn issue(&self, invalidation: &Invalidation) -> Result<Event, SequencerError>;

    /// [`issue`](Self::issue) for several, in that order: in one round trip, where that can be done. When it fails, some of
    /// them may have their numbers. Default: one after the other.
    async fn issue_all(&self, invalidations: &[Invalidation]) -> Result<Vec<Event>, SequencerError> {
        let mut events = Vec::with_capacity(invalidations.len());
        for invalidation in invalidations {
            events.push(self.issue(invalidation).await?);
        }
        Ok(events)
    }

    /// What came after `mark`; `None` asks for the present end of the chain and no events (a node that joins).
    async fn missed(&self, mark: Option<Mark>) -> Result<Missed, SequencerError>;

    /// What an entry of `cache` under `key` (`cache:key`) that carries `tags` must not be older than: asked for one found
    /// in a remote tier, whose key and tags this node may not have followed.
    async fn newest(&self, cache: &str, key: &[u8], tags: &[Tag]) -> Result<Newest, SequencerError>;

    /// [`newest`](Self::newest) for several entries of `cache`, answered in that order: in one round trip, where that can be
    /// done. Default: one after the other.
    async fn newest_all(
        &self,
        cache: &str,
        questions: &[Question<'_>],
    ) -> Result<Vec<Newest>, SequencerError> {
        let mut answers = Vec::with_capacity(questions.len());
        for Question { key, tags } in questions {
            answers.push(self.newest(cache, key, tags).await?);
        }
        Ok(answers)
    }

    /// The next thing heard on the backplane. Cancel safe: what was not returned is returned by the next call.
    async fn heard(&self) -> Heard;
}

/// What is asked of a sequencer about one entry.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The entry's key, as `cache:key` bytes.
    pub key: &'a [u8],
    /// The tags it carries.
    pub tags: &'a [Tag],
}

/// The newest invalidations of a key and some tags of one cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// The chain's epoch: to a node that has not heard of it, the numbers say nothing.
    pub epoch: u64,
    /// An entry with a smaller number is not trusted: it may have been hit by an invalidation of everything, of the
    /// cache, or by one that is no longer remembered.
    pub floor: u64,
    /// The newest number that hit the key; never below `floor`. The tier may still hold an older entry, when it did not
    /// take the tombstone.
    pub key: u64,
    /// The newest number that hit each tag, in the order asked; never below `floor`.
    pub tags: Vec<u64>,
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
    /// The epochs the present one goes on from, oldest first, each with its last number: what was stored under numbers up
    /// to that one may still be valid. An epoch goes on from another when the server may have changed, and possibly
    /// lost the newest numbers, without anybody knowing of one that is lost.
    pub earlier: Vec<Stamp>,
    /// Whether `events` is everything: `false` when the chain was trimmed, rewound or restarted past the mark,
    /// so that whatever the node holds is suspect.
    pub complete: bool,
    /// The newest writes any invalidation of the namespace stood for. Who did not hear each of them (it joins, or
    /// `complete` is `false`) asks this much of every load.
    pub positions: Positions,
    /// The patterns that entries of a remote tier may have been hit by: not asked for with every entry, as tags are, but
    /// told to who joins. For the same who need `positions`.
    pub patterns: LivePatterns,
}

/// The patterns a sequencer remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LivePatterns {
    /// Patterns up to this number may have been forgotten.
    pub floor: u64,
    /// Each [`Target::Pattern`] that is remembered with the newest number it took, smallest number first.
    pub newest: Vec<(Target, u64)>,
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
