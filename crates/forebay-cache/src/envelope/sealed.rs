//! The part of an envelope behind its header, encrypted: id of the key (4 bytes), nonce (24), then the tags and the value
//! as one ciphertext with its authentication tag (16).

use super::Reject;
pub(super) use crate::Keyring;
use crate::seal::{NONCE_BYTES, TAG_BYTES};
use bytes::{Buf, Bytes};
use rand::{TryRng, rngs::SysRng};

const ID_BYTES: usize = 4;
/// What encryption adds to an envelope.
pub(super) const OVERHEAD_BYTES: usize = ID_BYTES + NONCE_BYTES + TAG_BYTES;

/// Encrypts tags and value. `None` when the system has no randomness to give.
pub(super) fn seal(keyring: &Keyring, key: &[u8], header: [&[u8]; 2], body: &[u8]) -> Option<Vec<u8>> {
    let with = keyring.current();
    let id = with.id.to_be_bytes();
    let mut nonce = [0; NONCE_BYTES];
    // The system's and not the thread's generator: a process that was forked must not draw the same numbers again.
    SysRng.try_fill_bytes(&mut nonce).ok()?;
    let mut ciphertext = Vec::with_capacity(body.len() + TAG_BYTES);
    ciphertext.extend_from_slice(body);
    with.sealer.seal(&nonce, &bound(key, header, id), &mut ciphertext).ok()?;
    Some([&id[..], &nonce, &ciphertext].concat())
}

pub(super) fn open(
    keyring: &Keyring,
    key: &[u8],
    header: [&[u8]; 2],
    mut sealed: &[u8],
) -> Result<Bytes, Reject> {
    if sealed.len() < OVERHEAD_BYTES {
        return Err(Reject::Damaged);
    }
    let id = sealed.get_u32();
    let mut nonce = [0; NONCE_BYTES];
    sealed.copy_to_slice(&mut nonce);
    let with = keyring.find(id).ok_or(Reject::NoKey)?;
    let mut body = sealed.to_vec();
    with.sealer.open(&nonce, &bound(key, header, id.to_be_bytes()), &mut body).map_err(|_| Reject::Forged)?;
    Ok(body.into())
}

/// What the ciphertext is bound to: the tier's key, which names namespace and cache, and everything else in the envelope
/// but the checksum. What is stored for one key, or under one stamp, does not pass for another's.
fn bound(key: &[u8], header: [&[u8]; 2], id: [u8; ID_BYTES]) -> Vec<u8> {
    let length = (key.len() as u64).to_be_bytes();
    [&length, key, header[0], header[1], &id].concat()
}
