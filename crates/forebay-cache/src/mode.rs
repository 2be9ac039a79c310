use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU8, Ordering};

/// Whether a cache takes part. Default: [`Mode::On`].
///
/// It can be changed while the service runs ([`Cache::set_mode`](crate::Cache::set_mode)). What was stored under one mode
/// is never served under another. Invalidations are issued in every mode: other nodes may depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// It answers and stores.
    #[default]
    On,
    /// It answers nothing and stores nothing, here or in remote tiers: each call runs its own loader.
    Off,
    /// Each call runs its own loader and gets what that returns, as if the cache were off. Beside that memory
    /// keeps what it would have kept, and each value it would have answered with is compared with the one that was
    /// loaded. Remote tiers are neither read nor filled.
    Observe,
}

/// A mode that can be changed by whoever shares it.
///
/// Hits do not look at it: what they may find is decided when an entry is made. So nothing is ordered by it either; a
/// change of mode is ordered by the invalidation that goes with it.
#[derive(Debug)]
pub(crate) struct Switch(AtomicU8);

impl Switch {
    pub(crate) const fn new(mode: Mode) -> Self {
        Self(AtomicU8::new(mode as u8))
    }

    pub(crate) fn get(&self) -> Mode {
        match self.0.load(Ordering::Acquire) {
            0 => Mode::On,
            1 => Mode::Off,
            _ => Mode::Observe,
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.get() == Mode::On
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.0.store(mode as u8, Ordering::Release);
    }
}
