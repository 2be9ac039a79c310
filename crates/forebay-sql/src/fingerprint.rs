//! A number for a statement that is the same whatever its values.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

use crate::normalize::normalize;

/// Stands for all texts that [`normalize`] spells the same: 64 bits of XXH3 over that spelling. It is the same in every process and
/// on every machine, and is printed as sixteen hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The fingerprint of a text; see [`normalize`] for what it does not depend on.
///
/// ```
/// use forebay_sql::fingerprint;
///
/// let one = fingerprint("SELECT name FROM users WHERE id = 7");
/// assert_eq!(one, fingerprint("select name /* by key */ from users where id = $1"));
/// assert_ne!(one, fingerprint("SELECT email FROM users WHERE id = 7"));
/// ```
#[must_use]
pub fn fingerprint(sql: &str) -> Fingerprint {
    Fingerprint(xxh3_64(normalize(sql).as_bytes()))
}
