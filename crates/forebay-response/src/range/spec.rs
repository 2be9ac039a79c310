use std::ops::Range;

/// One member of a `Range` header in bytes, by RFC 9110 section 14.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spec {
    /// From a place to another one, which is included, or to the end.
    From(u64, Option<u64>),
    /// That many bytes at the end.
    Last(u64),
}

/// What a `Range` header comes to for a body of known length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selected {
    /// These parts, none of them empty, overlapping only where the client wants it so.
    Parts(Vec<Range<usize>>),
    /// None of them lies within the body.
    Unsatisfiable,
}

impl Spec {
    /// Reads a header of at most `count_max` members. Anything else (another unit, too many, a member that is
    /// none) is no range at all, and the whole body is the right answer (section 14.2).
    pub(crate) fn list(value: &[u8], count_max: usize) -> Option<Vec<Self>> {
        let equals = value.iter().position(|&b| b == b'=')?;
        if !value[..equals].eq_ignore_ascii_case(b"bytes") {
            return None;
        }
        let mut specs = Vec::new();
        for member in value[equals + 1..].split(|&b| b == b',').map(<[u8]>::trim_ascii) {
            if member.is_empty() {
                continue;
            }
            if specs.len() == count_max {
                return None;
            }
            specs.push(Self::parse(member)?);
        }
        (!specs.is_empty()).then_some(specs)
    }

    fn parse(member: &[u8]) -> Option<Self> {
        let dash = member.iter().position(|&b| b == b'-')?;
        let (first, last) = (&member[..dash], &member[dash + 1..]);
        match (first.is_empty(), last.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Self::Last(number(last)?)),
            (false, true) => Some(Self::From(number(first)?, None)),
            (false, false) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// Its place in a body of this length, if there is one.
    fn within(self, length: usize) -> Option<Range<usize>> {
        let clamp = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(length);
        let range = match self {
            Self::From(first, last) => {
                clamp(first)..last.map_or(length, |last| clamp(last.saturating_add(1)))
            }
            Self::Last(count) => length - clamp(count)..length,
        };
        (!range.is_empty()).then_some(range)
    }
}

/// Finds the parts. Parts that overlap or touch become one, in the order of the body (section 15.3.7.2);
/// otherwise the order is the client's.
pub(crate) fn select(specs: &[Spec], length: usize) -> Selected {
    let parts: Vec<_> = specs.iter().filter_map(|spec| spec.within(length)).collect();
    if parts.is_empty() {
        return Selected::Unsatisfiable;
    }
    let mut sorted = parts.clone();
    sorted.sort_unstable_by_key(|part| part.start);
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(sorted.len());
    for part in sorted {
        match joined.last_mut() {
            Some(before) if part.start <= before.end => before.end = before.end.max(part.end),
            _ => joined.push(part),
        }
    }
    Selected::Parts(if joined.len() == parts.len() { parts } else { joined })
}

/// Digits; a number too large for us lies behind the end of every body.
fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, &digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(digits.iter().fold(0, add))
}
