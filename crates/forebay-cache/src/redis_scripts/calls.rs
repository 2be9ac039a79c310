use crate::{
    Fill, Outcome, Removal, Stored,
    envelope::{MILLIS_MAX, tombstone},
};
use bytes::Bytes;
use std::time::Duration;

/// One call of a script.
#[derive(Debug, Clone)]
pub(crate) struct ScriptCall {
    pub(crate) keys: Vec<Bytes>,
    pub(crate) arguments: Vec<Bytes>,
}

pub(crate) fn fill(fill: &Fill) -> ScriptCall {
    let keep = fill.keep.map(millis).unwrap_or_default();
    ScriptCall { keys: vec![fill.key.clone()], arguments: vec![fill.value.clone(), keep] }
}

pub(crate) fn removal(removal: &Removal) -> ScriptCall {
    let stone = tombstone(&removal.key, removal.stamp);
    ScriptCall { keys: vec![removal.key.clone()], arguments: vec![stone, millis(removal.keep)] }
}

pub(crate) fn outcome(reply: Option<i64>) -> Outcome {
    if reply == Some(1) { Outcome::Stored } else { Outcome::Refused }
}

/// Redis takes no expiry of zero, and none that overflows when its clock is added.
pub(crate) fn millis(duration: Duration) -> Bytes {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(MILLIS_MAX).clamp(1, MILLIS_MAX);
    millis.to_string().into()
}

/// What a key holds, by the answers to `PTTL` and `GET`.
pub(crate) fn stored(left: i64, value: Option<Bytes>) -> Option<Stored> {
    let remaining = match left {
        -1 => None,
        // -2: there was nothing when the time left was asked.
        millis => Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
    };
    Some(Stored { value: value?, remaining })
}
