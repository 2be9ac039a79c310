use super::rows::{Versions, versions, words};
use std::fmt;

/// Something a node did, with times of the machine's monotonic clock, which all processes share.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Record {
    /// An invalidation was acknowledged at this time; nothing older may be read here after it.
    Ack { at: u64, floors: Versions },
    /// A read that began and ended at these times.
    Read { began: u64, ended: u64, key: usize, version: u64 },
}

pub(crate) fn now() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ack { at, floors } => write!(f, "ack {at} {}", words(floors)),
            Self::Read { began, ended, key, version } => write!(f, "read {began} {ended} {key} {version}"),
        }
    }
}

impl Record {
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        match words.next()? {
            "ack" => Some(Self::Ack { at: words.next()?.parse().ok()?, floors: versions(words) }),
            "read" => {
                let mut number = || words.next()?.parse::<u64>().ok();
                let (began, ended, key, version) = (number()?, number()?, number()?, number()?);
                Some(Self::Read { began, ended, key: usize::try_from(key).ok()?, version })
            }
            _ => None,
        }
    }
}

/// The first read of one process that broke the rule.
pub(crate) fn violation(records: &[Record]) -> Option<String> {
    records.iter().find_map(|record| {
        let Record::Read { began, key, version, .. } = *record else { return None };
        let (at, floor) = records.iter().find_map(|record| match record {
            Record::Ack { at, floors } if *at < began && version < floors[key] => Some((*at, floors[key])),
            _ => None,
        })?;
        Some(format!(
            "version {version} of row {key} in a read that began {} µs after version {floor} was acknowledged",
            (began - at) / 1_000
        ))
    })
}
