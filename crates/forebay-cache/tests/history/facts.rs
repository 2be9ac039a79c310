use super::KEYS;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Everything that was acknowledged and everything that was read, in order.
#[derive(Debug, Default)]
pub(crate) struct Facts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    acks: Vec<Ack>,
    reads: Vec<Read>,
    /// When everything was delivered or replayed: the place in `acks`, and the lives that were left.
    healed: Option<(usize, Vec<u32>)>,
    /// The server lost invalidations: until those who know tell it, others cannot learn of them.
    numbers_lost: bool,
}

/// An invalidation that was acknowledged.
#[derive(Debug)]
pub(crate) struct Ack {
    pub(crate) life: u32,
    pub(crate) at: Instant,
    /// The oldest version of each row that may be read after it; 0 where it does not matter.
    pub(crate) floors: [u64; KEYS],
    pub(crate) hard: bool,
    /// Whether it had its number, so that other nodes must learn of it.
    pub(crate) everywhere: bool,
}

/// What is known when a read begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Began {
    pub(crate) life: u32,
    /// How many acknowledgements there were when the node began to live.
    pub(crate) born: usize,
    /// How many there were when the read began.
    acks: usize,
    at: Instant,
    /// Since when nothing was heard of the backplane.
    silent_since: Instant,
    after_healing: bool,
}

#[derive(Debug)]
struct Read {
    began: Began,
    node: usize,
    key: usize,
    version: u64,
    answer: Answer,
    /// Whether numbers were lost by then that only some nodes know of.
    numbers_lost: bool,
}

/// What the caller was told of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing.
    Current,
    /// That it may be behind: it was read from a standby that lags, or by another whose read was.
    Behind,
    /// Its own load failed, and an old value stands in.
    StandsIn,
}

impl Facts {
    /// The bound on staleness that the nodes were built with, and time for them to notice that it has passed.
    pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(60);
    const SLACK: Duration = Duration::from_secs(2);

    pub(crate) fn acks(&self) -> usize {
        self.known().acks.len()
    }

    pub(crate) fn acked(&self, ack: Ack) {
        self.known().acks.push(ack);
    }

    pub(crate) fn began(&self, life: u32, born: usize, silent_since: Instant) -> Began {
        let known = self.known();
        let after_healing = known.healed.is_some();
        Began { life, born, acks: known.acks.len(), at: Instant::now(), silent_since, after_healing }
    }

    pub(crate) fn read(&self, began: Began, node: usize, key: usize, version: u64, answer: Answer) {
        let mut known = self.known();
        let numbers_lost = known.numbers_lost;
        known.reads.push(Read { began, node, key, version, answer, numbers_lost });
    }

    pub(crate) fn numbers_lost(&self) {
        self.known().numbers_lost = true;
    }

    pub(crate) fn healed(&self, lives: Vec<u32>) {
        let mut known = self.known();
        known.healed = Some((known.acks.len(), lives));
        known.numbers_lost = false;
    }

    /// The first read that broke the rule.
    pub(crate) fn violation(&self) -> Option<String> {
        let known = self.known();
        known.reads.iter().find_map(|read| {
            let (ack, why) = known
                .acks
                .iter()
                .enumerate()
                .filter(|(_, ack)| read.version < ack.floors[read.key])
                .find_map(|(number, ack)| Some((ack, known.forbids(number, ack, read)?)))?;
            let Read { node, key, version, .. } = read;
            Some(format!(
                "node {node} read version {version} of row {key} after version {} {why}",
                ack.floors[*key]
            ))
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Why `read` had to see what was acknowledged, if it had.
    fn forbids(&self, number: usize, ack: &Ack, read: &Read) -> Option<&'static str> {
        let Read { began, answer, .. } = read;
        let own = ack.life == began.life && number < began.acks;
        match answer {
            Answer::Behind => return None,
            // A soft invalidation leaves what it hits as a fallback, and so does one that was missed.
            Answer::StandsIn => return (own && ack.hard).then_some("was acknowledged there for good"),
            Answer::Current => {}
        }
        if own {
            return Some("was acknowledged there");
        }
        if read.numbers_lost {
            return None;
        }
        if ack.everywhere && number < began.born {
            return Some("was acknowledged elsewhere before it joined");
        }
        let bound = Facts::SILENCE_MAX + Facts::SLACK;
        if ack.everywhere && ack.at.max(began.silent_since) + bound <= began.at {
            return Some("was acknowledged elsewhere, longer ago than a silent backplane allows");
        }
        let (acks, lives) = self.healed.as_ref()?;
        let known_to_somebody = ack.everywhere || lives.contains(&ack.life);
        (began.after_healing && number < *acks && known_to_somebody)
            .then_some("was acknowledged elsewhere and everything was delivered")
    }
}
