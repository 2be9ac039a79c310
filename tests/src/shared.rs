//! The lab a test run shares.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::database::TestDatabase;
use crate::lab::{Addresses, ENVIRONMENT};

/// The servers `cargo xtask test` (or `cargo xtask lab`) started, seen from a test.
///
/// They are shared: a test takes a database or a key prefix of its own and never harms a server (start a private one for that).
#[derive(Debug)]
pub struct SharedLab {
    addresses: Addresses,
}

/// The lab of this test run.
///
/// # Panics
/// When there is none, with the command that starts one: a skipped test would lie.
pub async fn shared() -> &'static SharedLab {
    static SHARED: OnceLock<SharedLab> = OnceLock::new();
    SHARED.get_or_init(|| match Addresses::from_environment() {
        Ok(Some(addresses)) => SharedLab { addresses },
        Ok(None) => panic!(
            "this test needs real servers: run `cargo xtask test {area}`, or `cargo xtask lab -- cargo test -p {package}`",
            area = area(&package()),
            package = package(),
        ),
        Err(error) => panic!("{error:#}: unset {ENVIRONMENT} or run `cargo xtask test`"),
    })
}

impl SharedLab {
    /// A fresh database on the primary, named after the test; it is there on every standby when this returns, and dropped with the value.
    ///
    /// # Panics
    /// When the lab has no PostgreSQL or it cannot be reached.
    pub async fn database(&self, test: &str) -> TestDatabase {
        let primary = self.addresses.primary.as_deref().expect("the lab was started with PostgreSQL");
        TestDatabase::create(primary, &self.addresses.standbys, &unique(test))
            .await
            .unwrap_or_else(|error| panic!("no database for {test}: {error:#}"))
    }

    /// `redis://…` of the shared Redis.
    ///
    /// # Panics
    /// When the lab has no Redis.
    #[must_use]
    pub fn redis_url(&self) -> String {
        self.addresses.redis.clone().expect("the lab was started with Redis")
    }

    /// `HOST:PORT` of the shared Memcached.
    ///
    /// # Panics
    /// When the lab has no Memcached.
    #[must_use]
    pub fn memcached_addr(&self) -> String {
        let address = self.addresses.memcached.as_deref().expect("the lab was started with Memcached");
        address.rsplit("://").next().unwrap_or(address).to_owned()
    }

    /// A prefix for keys (or a namespace) no other test uses, readable in traces: it begins with the test's name.
    #[must_use]
    pub fn key_prefix(&self, test: &str) -> String {
        unique(test)
    }

    /// The lab's folder with the servers' logs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.addresses.folder
    }
}

/// A name of at most 63 bytes (PostgreSQL's limit), lower-case letters, digits and `_`, that no other call gets.
fn unique(test: &str) -> String {
    static TAKEN: AtomicU64 = AtomicU64::new(0);
    let number = TAKEN.fetch_add(1, Ordering::Relaxed);
    let suffix = format!("_{}_{number}", std::process::id());
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let room = 60 - suffix.len();
    let name: String = test.chars().map(plain).take(room).collect();
    format!("t_{name}{suffix}")
}

fn package() -> String {
    std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "forebay-tests".to_owned())
}

fn area(package: &str) -> &str {
    package.strip_prefix("forebay-").unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::unique;

    #[test]
    fn names_are_short_plain_and_never_the_same() {
        let long = "Ünusual name; ".repeat(20);
        let (first, second) = (unique(&long), unique(&long));
        assert_ne!(first, second);
        assert!(first.len() <= 63);
        assert!(first.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
    }
}
