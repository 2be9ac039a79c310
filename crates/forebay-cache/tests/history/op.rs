use super::{KEYS, NODES};
use rand::{RngExt as _, rngs::StdRng};

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// A node asks for a key. Its load takes `slow` turns, and the caller waits for `patience` turns only.
    Read { node: usize, key: usize, how: How, slow: u8, patience: u8, server: u8 },
    /// A node writes a row and invalidates what hangs on it.
    Write { node: usize, key: usize, what: What, soft: bool },
    /// The node's message at this place is delivered.
    Deliver(usize, usize),
    /// The same, and it will be once more.
    Repeat(usize, usize),
    /// It is lost.
    Lose(usize, usize),
    /// The backplane says that it is alive.
    Heartbeat(usize),
    /// The node hears that its connection was interrupted.
    Interrupt(usize),
    /// The sequencer is away, or back.
    Offline(bool),
    /// One node is cut off from it, or back.
    Cut(usize, bool),
    /// The remote tier fails, or works again.
    TierFails(bool),
    /// The remote tier takes no tombstones, or does again.
    TierBuriesNothing(bool),
    /// The remote tier loses what it was told last.
    TierLoses(usize),
    /// The remote tier evicts every other key.
    TierEvicts,
    /// The stream of events is trimmed.
    Trim,
    /// The tables of keys and tags are evicted.
    ForgetTables,
    /// A replica is promoted that had not received the newest events; whether the remote tier is of the same server.
    Failover(usize, bool),
    /// The server comes back empty; whether the remote tier is of the same server.
    Flush(bool),
    /// A node ends and another takes its place.
    Restart(usize),
    /// A node's clock jumps, by seconds.
    ClockJumps(usize, u16),
    /// Nothing happens, for seconds.
    Silence(u16),
    /// Loads fail, or succeed again.
    DatabaseFails(bool),
    /// A standby replays everything.
    StandbyCatchesUp(u8),
}

/// How a key is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// With a loader, and tags known only from the value.
    Load,
    /// With a loader, and tags declared before.
    LoadDeclared,
    /// Without a loader.
    Get,
    /// In memory only.
    Peek,
}

/// What an invalidation hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Key,
    Tag,
    /// The keys of the tag, by what their text begins with.
    Prefix,
    /// The keys with the same place in their groups.
    Pattern,
    Clear,
}

/// Kinds of mishaps; a history has some of them.
pub(crate) const MISHAPS: usize = 12;

impl Op {
    /// Draws one; `mishaps` says which may happen.
    pub(crate) fn random(rng: &mut StdRng, mishaps: &[bool; MISHAPS]) -> Self {
        let node = rng.random_range(0..NODES);
        match rng.random_range(0..10) {
            0..=3 => Self::read(rng, node),
            4..=5 => {
                let what = match rng.random_range(0..8) {
                    0 => What::Clear,
                    1..=2 => What::Tag,
                    3 => What::Prefix,
                    4 => What::Pattern,
                    _ => What::Key,
                };
                Self::Write { node, key: rng.random_range(0..KEYS), what, soft: rng.random_bool(0.2) }
            }
            6..=7 => Self::Deliver(node, if rng.random_bool(0.7) { 0 } else { rng.random_range(0..4) }),
            _ => {
                let kind = rng.random_range(0..MISHAPS);
                if mishaps[kind] { Self::mishap(rng, node, kind) } else { Self::read(rng, node) }
            }
        }
    }

    fn read(rng: &mut StdRng, node: usize) -> Self {
        let how = match rng.random_range(0..10) {
            0 => How::Peek,
            1 => How::Get,
            2..=5 => How::LoadDeclared,
            _ => How::Load,
        };
        let (slow, patience) = (rng.random_range(0..12), rng.random_range(1..40));
        Self::Read {
            node,
            key: rng.random_range(0..KEYS),
            how,
            slow,
            patience,
            server: rng.random_range(0..8),
        }
    }

    fn mishap(rng: &mut StdRng, node: usize, kind: usize) -> Self {
        let (at, more) = (rng.random_range(0..4), rng.random_bool(0.3));
        match kind {
            0 => Self::Lose(node, at),
            1 if more => Self::Interrupt(node),
            1 => Self::Repeat(node, at),
            2 => Self::Heartbeat(node),
            3 => Self::Offline(more),
            4 => Self::Cut(node, more),
            5 if rng.random_bool(0.5) => Self::TierBuriesNothing(more),
            5 => Self::TierFails(more),
            6 if more => Self::TierEvicts,
            6 => Self::TierLoses(at),
            7 if more => Self::ForgetTables,
            7 => Self::Trim,
            8 if more => Self::Flush(rng.random_bool(0.5)),
            8 => Self::Failover(at, rng.random_bool(0.5)),
            9 => Self::Restart(node),
            10 if more => Self::Silence(rng.random_range(1..100)),
            10 => Self::ClockJumps(node, rng.random_range(1..1_000)),
            _ if more => Self::DatabaseFails(rng.random_bool(0.5)),
            _ => Self::StandbyCatchesUp(rng.random_range(0..2)),
        }
    }
}
