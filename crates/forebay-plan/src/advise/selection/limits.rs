//! How much may be proposed.

/// How much may be proposed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) bytes_max: Option<u64>,
    pub(crate) indexes_max: usize,
}
