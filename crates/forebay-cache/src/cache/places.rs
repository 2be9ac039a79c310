/// The places a call may look into, and keep its value in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) look_in_memory: bool,
    pub(super) keep_in_memory: bool,
    pub(super) look_in_tiers: bool,
    pub(super) keep_in_tiers: bool,
}

impl Places {
    pub(super) const ALL: Self =
        Self { look_in_memory: true, keep_in_memory: true, look_in_tiers: true, keep_in_tiers: true };

    /// Looks nowhere: for a load whatever there is.
    pub(super) fn look_nowhere(self) -> Self {
        Self { look_in_memory: false, look_in_tiers: false, ..self }
    }

    /// Past the cache.
    pub(super) const NONE: Self =
        Self { look_in_memory: false, keep_in_memory: false, look_in_tiers: false, keep_in_tiers: false };

    pub(super) fn memory_only(self) -> Self {
        Self { look_in_tiers: false, keep_in_tiers: false, ..self }
    }

    pub(super) fn skip_memory(self) -> Self {
        Self { look_in_memory: false, keep_in_memory: false, ..self }
    }

    pub(super) fn read_only(self) -> Self {
        Self { keep_in_memory: false, keep_in_tiers: false, ..self }
    }

    /// Whether what is found in a tier may be put into memory and the tiers above.
    pub(super) fn keep_all(self) -> bool {
        self.keep_in_memory && self.keep_in_tiers
    }
}
