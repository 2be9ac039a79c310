/// A setting of this crate cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field of [`BreakerConfig`](crate::BreakerConfig) is out of its range.
    #[error("breaker setting `{setting}` {reason}")]
    BreakerSetting {
        /// The name of the field.
        setting: &'static str,
        /// What it must be.
        reason: &'static str,
    },
}
