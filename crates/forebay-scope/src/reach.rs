use crate::Position;

/// How far the server of a read had got when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everything acknowledged before the read began: a primary, outside of a transaction.
    Newest,
    /// At least this: a replica known to have replayed it.
    At(Position),
    /// Nothing is known: inside a transaction, whose snapshot may be older than the read.
    Unknown,
}

impl Reach {
    /// Whether a read sees everything up to `needed`, which was acknowledged before the read began.
    fn covers(self, needed: Position) -> bool {
        match self {
            Self::Newest => true,
            Self::At(here) => needed.is_reached_at(here),
            Self::Unknown => false,
        }
    }

    /// What both have reached. Places of two timelines have nothing in common that could be named.
    fn common(self, other: Self) -> Self {
        match (self, other) {
            (Self::Newest, reach) | (reach, Self::Newest) => reach,
            (Self::At(here), Self::At(there)) if here.is_reached_at(there) => Self::At(here),
            (Self::At(here), Self::At(there)) if there.is_reached_at(here) => Self::At(there),
            _ => Self::Unknown,
        }
    }
}

/// What all reads of a scope have reached, per database system; a process reads from few.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reached(Vec<(u64, Reach)>);

impl Reached {
    pub(crate) fn add(&mut self, system: u64, reach: Reach) {
        match self.0.iter_mut().find(|(known, _)| *known == system) {
            Some((_, common)) => *common = common.common(reach),
            None => self.0.push((system, reach)),
        }
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        for (system, reach) in &other.0 {
            self.add(*system, *reach);
        }
    }

    pub(crate) fn covers(&self, needed: Position) -> bool {
        self.0.iter().any(|(system, reach)| *system == needed.system && reach.covers(needed))
    }
}
