use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU8, Ordering};

/// Whether a [`ResponseLayer`](crate::ResponseLayer) takes part. Default: [`ResponseMode::On`].
///
/// It can be changed while the service runs ([`ResponseLayer::set_mode`](crate::ResponseLayer::set_mode)). The choice of
/// fields ([`fields`](crate::ResponseLayerBuilder::fields)) is part of a service's interface and stays; a cache of responses
/// has a mode of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// It answers.
    #[default]
    On,
    /// Every response goes out as the service made it.
    Off,
    /// Every response goes out as the service made it, and beside that everything is done that would have been done, and
    /// measured; what would have been sent is decoded and compared. A whole body is held in memory for that, as if the mode
    /// were on; streams are not encoded.
    Observe,
}

/// A mode that can be changed by whoever shares it. Nothing is ordered by it.
#[derive(Debug)]
pub(crate) struct Switch(AtomicU8);

impl Switch {
    pub(crate) const fn new(mode: ResponseMode) -> Self {
        Self(AtomicU8::new(mode as u8))
    }

    pub(crate) fn get(&self) -> ResponseMode {
        match self.0.load(Ordering::Relaxed) {
            0 => ResponseMode::On,
            1 => ResponseMode::Off,
            _ => ResponseMode::Observe,
        }
    }

    pub(crate) fn set(&self, mode: ResponseMode) {
        self.0.store(mode as u8, Ordering::Relaxed);
    }
}
