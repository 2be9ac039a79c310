//! The answer: what kind of statement a text is, and why.

use crate::reason::Reason;

/// Where a text may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Everything in it is known to read only replicated data: any server may answer.
    Read,
    /// It may be harmless, but the text does not prove it, or it concerns one server or one session. It belongs on the primary.
    Unproven,
    /// Something in it writes, or is refused by a standby because it would. It belongs on the primary.
    Write,
}

impl Kind {
    /// The kind in one lower-case word: `read`, `unproven` or `write`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Unproven => "unproven",
            Self::Write => "write",
        }
    }
}

/// The class of a text: its [`Kind`], and what in the text decided it. A [`Kind::Read`] has no reasons and owns no memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    kind: Kind,
    reasons: Vec<Reason>,
    /// Without the catalogue it would not be what it is.
    rests_on_catalog: bool,
}

impl Class {
    /// Reasons kept of one text; those beyond it change the kind, but are not listed.
    pub const REASONS_MAX: usize = 16;

    pub(crate) const fn read() -> Self {
        Self { kind: Kind::Read, reasons: Vec::new(), rests_on_catalog: false }
    }

    /// The kind of the whole text: the strongest of all its statements.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether any server may answer.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        matches!(self.kind, Kind::Read)
    }

    /// What decided the kind, in the order of the text, at most [`Self::REASONS_MAX`]. Empty for a read.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// Whether a function or operator of the database's own was found in a [`Catalog`](crate::Catalog) and taken for one that only
    /// reads: a server that is behind the snapshot may have another one under that name, or none.
    #[must_use]
    pub const fn rests_on_catalog(&self) -> bool {
        self.rests_on_catalog
    }

    pub(crate) const fn rest_on_catalog(&mut self) {
        self.rests_on_catalog = true;
    }

    /// Only the reasons.
    pub(crate) fn into_reasons(self) -> Vec<Reason> {
        self.reasons
    }

    /// Add a reason and raise the kind to what it asks for.
    pub(crate) fn add(&mut self, reason: Reason) {
        self.kind = self.kind.max(reason.kind());
        if self.reasons.len() < Self::REASONS_MAX {
            self.reasons.push(reason);
        }
    }
}
