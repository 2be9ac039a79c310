/// What became of an entry that its writer waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Written {
    /// The remote tiers it was meant for; 0 for a cache that has none.
    pub tiers: usize,
    /// Tiers that hold it.
    pub stored: usize,
    /// Tiers that hold something newer: the key was invalidated or written since.
    pub refused: usize,
}

impl Written {
    /// Whether every tier holds this value or something newer.
    #[must_use]
    pub const fn is_everywhere(&self) -> bool {
        self.stored + self.refused == self.tiers
    }
}
