/// Something was asked of this crate that cannot work.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of its range.
    #[error("metrics setting `{setting}` {reason}")]
    Setting {
        /// The name of the field.
        setting: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// An objective cannot be judged.
    #[cfg(feature = "recorder")]
    #[error("objective `{name}`: {reason}")]
    Objective {
        /// The name of the objective.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}
