use crate::{Stored, TierError};
use async_trait::async_trait;
use bytes::Bytes;
use std::{fmt, num::NonZeroU64, sync::Arc, time::Duration};

/// A [`Tier`](crate::Tier) that also says who loads a key, so that a cold key is loaded once and not once per node.
///
/// A lease saves work and nothing more: what may be stored and served follows from stamps alone, so a lease that is lost, held
/// twice or never given back costs loads and never a stale value. `dyn` for the reason [`Tier`](crate::Tier) is.
///
/// # Cancellation safety
/// As for [`Tier`](crate::Tier): a dropped call may have been carried out. A lease that was granted to it ends by itself.
#[async_trait]
pub trait LeaseTier: fmt::Debug + Send + Sync + 'static {
    /// What is stored under `key`, and, where that has to be loaded, who does so. To answer that it is there, or that another
    /// holds the lease, takes one round trip: callers ask again until it is one of the two.
    async fn get_or_lease(&self, key: &Bytes, ask: &LeaseAsk) -> Result<LeaseAnswer, TierError>;

    /// Holds on to a lease for `hold` from now; `false` when it is the caller's no longer.
    async fn renew(&self, key: &Bytes, token: LeaseToken, hold: Duration) -> Result<bool, TierError>;

    /// Gives a lease back, unless it is the caller's no longer. With `failure`, those who wait for it hear why the load
    /// failed if they ask within that time.
    async fn release(
        &self,
        key: &Bytes,
        token: LeaseToken,
        failure: Option<(&str, Duration)>,
    ) -> Result<(), TierError>;
}

/// Who holds a lease: a number nobody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseToken(NonZeroU64);

impl LeaseToken {
    /// A token of this number; `None` for 0.
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// A token that no other call gets, on this node or another.
    #[must_use]
    pub fn random() -> Self {
        Self(NonZeroU64::new(rand::random()).unwrap_or(NonZeroU64::MIN))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0.get()
    }

    /// As tiers keep it.
    #[cfg(any(feature = "redis", feature = "redis-rs", feature = "memcached"))]
    pub(crate) const fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }

    /// What [`to_bytes`](Self::to_bytes) made; `None` for anything else.
    #[cfg(any(feature = "redis", feature = "redis-rs", feature = "memcached"))]
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::new(u64::from_be_bytes(bytes.try_into().ok()?))
    }
}

/// Why a load failed, as far as a tier keeps it: it is a hint, and kept for many keys at once.
#[cfg(any(feature = "redis", feature = "redis-rs", feature = "memcached"))]
pub(crate) fn hint(why: &str) -> &str {
    const BYTES_MAX: usize = 512;
    &why[..why.floor_char_boundary(BYTES_MAX)]
}

/// What a caller wants of [`LeaseTier::get_or_lease`].
#[derive(Debug, Clone, Copy)]
pub struct LeaseAsk {
    /// Who asks.
    pub token: LeaseToken,
    /// For how long the lease is held, unless it is renewed.
    pub hold: Duration,
    /// An entry that the tier keeps for no longer than this is past its ttl and has to be loaded.
    pub stale_within: Duration,
    /// Whether the key is to be leased whatever is stored: the caller knows that it is of no use.
    pub always: bool,
    /// The holder the caller has been waiting for: if its load failed, that is the answer.
    pub waited_for: Option<LeaseToken>,
}

/// What is stored under a key, and who loads it.
#[derive(Debug, Clone)]
pub struct LeaseAnswer {
    /// As [`Tier::get`](crate::Tier::get) gives it.
    pub stored: Option<Stored>,
    /// Who loads it.
    pub state: LeaseState,
}

/// Who loads a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseState {
    /// Nobody has to: what is stored is not past its ttl.
    NotNeeded,
    /// The caller does, and holds the lease. What is stored was read after it was granted: what the one before stored is not
    /// missed.
    Granted,
    /// Another does: wait, or use what is stored if it may be.
    Held(LeaseToken),
    /// The one the caller waited for could not; this is why.
    Failed(Arc<str>),
    /// This key cannot be leased: load it.
    Unavailable,
}

#[cfg(all(test, any(feature = "redis", feature = "redis-rs", feature = "memcached")))]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_at_a_letter() {
        let why = "ü".repeat(400);
        assert_eq!(hint(&why).len(), 512);
        assert_eq!(hint(&format!("x{why}")).len(), 511);
        assert_eq!(hint("short"), "short");
    }

    #[test]
    fn a_token_is_read_back() {
        let token = LeaseToken::random();
        assert_eq!(LeaseToken::from_bytes(&token.to_bytes()), Some(token));
        for odd in [&[0; 8][..], &[1; 7], &[1; 9], &[]] {
            assert_eq!(LeaseToken::from_bytes(odd), None);
        }
    }
}
