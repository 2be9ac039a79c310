use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A place in a Postgres server's write-ahead log, comparable only within one database system.
///
/// A read *at or after* a position sees every change committed up to it. The text form is
/// `system/timeline/lsn` with the log sequence number as PostgreSQL writes it (`16/B374D848`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// `system_identifier` of `pg_control_system()`: tells one cluster (and its standbys) from another.
    pub system: u64,
    /// The timeline the log position belongs to; a promotion starts a higher one.
    pub timeline: u32,
    /// The log sequence number, a byte offset into the log.
    pub lsn: u64,
}

impl Position {
    /// The later of two positions of one system: the higher timeline wins, then the higher log sequence number.
    ///
    /// Positions of different systems have no order; `self` is returned then.
    #[must_use]
    pub fn newest(self, other: Self) -> Self {
        if self.system == other.system && (other.timeline, other.lsn) > (self.timeline, self.lsn) {
            other
        } else {
            self
        }
    }

    /// Whether a server of this system that stands at `here` has everything up to `self`.
    ///
    /// Fails closed: another system, or another timeline (whose log may have forked before `self`), is `false`.
    #[must_use]
    pub fn is_reached_at(self, here: Self) -> bool {
        self.system == here.system && self.timeline == here.timeline && self.lsn <= here.lsn
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{:X}/{:X}", self.system, self.timeline, self.lsn >> 32, self.lsn & 0xFFFF_FFFF)
    }
}

/// The text is not a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a log position: expected system/timeline/high/low, such as 7301/1/16/B374D848")]
pub struct ParsePositionError;

impl FromStr for Position {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parsers of numbers accept a sign, which no position is written with.
        if text.contains('+') {
            return Err(ParsePositionError);
        }
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(ParsePositionError);
        let system = next()?.parse().map_err(|_| ParsePositionError)?;
        let timeline = next()?.parse().map_err(|_| ParsePositionError)?;
        let high = u32::from_str_radix(next()?, 16).map_err(|_| ParsePositionError)?;
        let low = u32::from_str_radix(next()?, 16).map_err(|_| ParsePositionError)?;
        if parts.next().is_some() {
            return Err(ParsePositionError);
        }
        Ok(Self { system, timeline, lsn: u64::from(high) << 32 | u64::from(low) })
    }
}

/// The newest known position per database system; empty means "anything will do".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Position>", into = "Vec<Position>")]
pub struct Positions(Vec<Position>);

/// What was written elsewhere may hold a system twice; the newer position counts.
impl From<Vec<Position>> for Positions {
    fn from(positions: Vec<Position>) -> Self {
        positions.into_iter().collect()
    }
}

impl From<Positions> for Vec<Position> {
    fn from(positions: Positions) -> Self {
        positions.0
    }
}

impl Positions {
    /// Whether there is no requirement at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The position of one database system.
    #[must_use]
    pub fn of(&self, system: u64) -> Option<Position> {
        self.0.iter().copied().find(|p| p.system == system)
    }

    /// All positions, one per system.
    pub fn iter(&self) -> impl Iterator<Item = Position> + '_ {
        self.0.iter().copied()
    }

    /// Keeps the newer of `position` and what is known of its system.
    pub fn merge(&mut self, position: Position) {
        match self.0.iter_mut().find(|p| p.system == position.system) {
            Some(known) => *known = known.newest(position),
            None => self.0.push(position),
        }
    }

    /// Merges every position of `other`.
    pub fn merge_all(&mut self, other: &Self) {
        for position in other.iter() {
            self.merge(position);
        }
    }
}

impl From<Position> for Positions {
    fn from(position: Position) -> Self {
        Self(vec![position])
    }
}

impl FromIterator<Position> for Positions {
    fn from_iter<I: IntoIterator<Item = Position>>(positions: I) -> Self {
        let mut all = Self::default();
        for position in positions {
            all.merge(position);
        }
        all
    }
}
