use super::calls::{ScriptCall, millis, stored};
use crate::{LeaseAnswer, LeaseAsk, LeaseState, LeaseToken, lease::hint};
use bytes::Bytes;
use std::time::Duration;

/// Asks for an entry or the lease of its key; `None` when the key cannot be leased.
pub(crate) fn ask(key: &Bytes, ask: &LeaseAsk) -> Option<ScriptCall> {
    let always = if ask.always { Bytes::from_static(b"y") } else { Bytes::new() };
    let waited_for = ask.waited_for.map(token_bytes).unwrap_or_default();
    let arguments =
        vec![token_bytes(ask.token), millis(ask.hold), millis(ask.stale_within), always, waited_for];
    Some(ScriptCall { keys: vec![key.clone(), lease_key(key)?], arguments })
}

pub(crate) fn renewal(key: &Bytes, token: LeaseToken, hold: Duration) -> Option<ScriptCall> {
    Some(ScriptCall { keys: vec![lease_key(key)?], arguments: vec![token_bytes(token), millis(hold)] })
}

/// `failure`: why the load failed, and for how long that is of use.
pub(crate) fn release(
    key: &Bytes,
    token: LeaseToken,
    failure: Option<(&str, Duration)>,
) -> Option<ScriptCall> {
    let (why, keep) = match failure {
        Some((why, keep)) => (Bytes::copy_from_slice(hint(why).as_bytes()), millis(keep)),
        None => Default::default(),
    };
    Some(ScriptCall { keys: vec![lease_key(key)?], arguments: vec![token_bytes(token), why, keep] })
}

/// The answer of the script, by its parts; `None` when it is none.
pub(crate) fn answer(
    left: i64,
    value: Option<Bytes>,
    state: i64,
    detail: Option<&[u8]>,
) -> Option<LeaseAnswer> {
    let state = match state {
        0 => LeaseState::NotNeeded,
        1 => LeaseState::Granted,
        2 => LeaseState::Held(LeaseToken::from_bytes(detail?)?),
        3 => LeaseState::Failed(String::from_utf8_lossy(detail?).into()),
        4 => LeaseState::Unavailable,
        _ => return None,
    };
    Some(LeaseAnswer { stored: stored(left, value), state })
}

fn token_bytes(token: LeaseToken) -> Bytes {
    Bytes::copy_from_slice(&token.to_bytes())
}

/// The key of a key's lease, which in a cluster must be in the same slot. A slot follows what is between the first `{` and
/// the `}` after it, or else the whole key; a key with a `}` that closes none of the two cannot be leased.
fn lease_key(key: &[u8]) -> Option<Bytes> {
    let tagged = || {
        let open = key.iter().position(|byte| *byte == b'{')?;
        let length = key[open + 1..].iter().position(|byte| *byte == b'}')?;
        (length > 0).then_some(())
    };
    if !key.contains(&b'}') {
        Some([b"{", key, b"}:lease"].concat().into())
    } else {
        tagged().map(|()| [key, b":lease"].concat().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_in_the_slot_of_its_key() {
        let lease =
            |key: &str| lease_key(key.as_bytes()).map(|key| String::from_utf8_lossy(&key).into_owned());
        assert_eq!(lease("shop:users:7").as_deref(), Some("{shop:users:7}:lease"));
        assert_eq!(lease("shop:users:{7}").as_deref(), Some("shop:users:{7}:lease"));
        assert_eq!(lease("a}b{c}d").as_deref(), Some("a}b{c}d:lease"));
        assert_eq!(lease("a{b").as_deref(), Some("{a{b}:lease"));
        for key in ["a{}b", "a}b", "{}{c}"] {
            assert_eq!(lease(key), None, "{key}");
        }
    }
}
