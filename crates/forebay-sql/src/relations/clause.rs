//! What is remembered of each open parenthesis while looking for relations.

use super::name::RelationName;

/// What happens to a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Its rows are looked at.
    Read,
    /// Its rows change.
    Write,
    /// Its rows are looked at to be changed.
    Both,
    /// `TO` or `FROM` will tell: the table of `COPY`.
    Copied,
}

/// Which relations follow the one just named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum List {
    /// None.
    #[default]
    Ended,
    /// Those behind `JOIN`.
    Joined,
    /// Those behind `JOIN` and commas.
    Open(Role),
}

/// The verb of the statement that changes rows, if one begins in the parenthesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Insert,
    Update,
    Delete,
    Merge,
}

/// The state inside one pair of parentheses, or of the statement itself.
#[derive(Debug, Default)]
pub(super) struct Clause {
    /// The next word names a relation.
    pub(super) expect: Option<Role>,
    pub(super) list: List,
    /// Whether a query or a change of rows begins here, so that `FROM` is its clause: in `extract(day FROM d)` it is not.
    pub(super) verb: bool,
    pub(super) change: Option<Change>,
    /// What the change is made to, once it was named.
    pub(super) target: Option<RelationName>,
    /// Square brackets that are open: commas in them separate expressions.
    pub(super) brackets: usize,
    /// Common table expressions visible outside.
    pub(super) tables: usize,
    /// Common table expressions visible before a `WITH` that belongs to the query of an `INSERT`, and is not seen by what follows that
    /// query.
    pub(super) inner_with: Option<usize>,
    /// Whether the `WITH` list here is recursive: its names are visible in their own queries.
    pub(super) recursive: bool,
    /// The name of the common table expression whose query is being read, unless it is visible already.
    pub(super) pending: Option<Box<str>>,
}

impl Clause {
    /// A parenthesis where a relation is expected has relations in it, unless a query begins.
    pub(super) fn inside(expect: Option<Role>, tables: usize) -> Self {
        let expect = expect.filter(|role| *role != Role::Copied);
        let list = expect.map_or(List::Ended, List::Open);
        Self { expect, list, tables, ..Self::default() }
    }

    /// The relations end here.
    pub(super) fn end_list(&mut self) {
        self.list = List::Ended;
        self.expect = None;
    }
}
