use super::tree::{Select, Tree};
use std::fmt;

/// What a [mask](crate::FieldMask) selects of one value; for handlers that read no more than they send.
#[derive(Clone, Copy)]
pub struct Selection<'m> {
    tree: &'m Tree,
    select: Select,
}

impl<'m> Selection<'m> {
    pub(super) fn new(tree: &'m Tree, select: Select) -> Self {
        Self { tree, select }
    }

    /// What is selected of the member with this name.
    #[must_use]
    pub fn member(self, name: &str) -> Self {
        let select = match self.select {
            Select::Node(node) => self.tree.member(node, name.as_bytes()),
            whole_or_nothing => whole_or_nothing,
        };
        Self { select, ..self }
    }

    /// Whether anything of the member with this name is selected.
    #[must_use]
    pub fn wants(self, name: &str) -> bool {
        self.member(name).select != Select::Nothing
    }

    /// Whether everything is selected.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.select == Select::Whole
    }

    /// Whether nothing is.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self.select == Select::Nothing
    }

    /// Of these names those that are selected, in their order. What comes out was put in, so it can be made part of a
    /// statement: nothing of the request does.
    #[must_use]
    pub fn pick<'n>(self, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
        names.into_iter().filter(|name| self.wants(name)).collect()
    }

    /// The names that are selected; `None` when there is no list of them, because of `*` or because everything is.
    #[must_use]
    pub fn names(self) -> Option<Vec<&'m str>> {
        match self.select {
            Select::Nothing => Some(Vec::new()),
            Select::Whole => None,
            Select::Node(node) => {
                let (names, has_more) = self.tree.names(node);
                (!has_more).then(|| names.collect())
            }
        }
    }
}

impl fmt::Debug for Selection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Selection").field(&self.select).finish()
    }
}
