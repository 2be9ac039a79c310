//! A compiled mask: nodes in one table, found by the bytes of a key.

use super::draft::Draft;

/// What is selected of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Select {
    Nothing,
    Whole,
    /// Of its members what this node says.
    Node(u32),
}

#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    named: Vec<(Box<str>, Select)>,
    any: Select,
}

impl Tree {
    /// Adds a draft that is spread already.
    pub(super) fn add(&mut self, draft: &Draft) -> Select {
        if draft.whole {
            return Select::Whole;
        }
        let named = draft.named.iter().map(|(name, below)| (name.as_str().into(), self.add(below))).collect();
        let any = draft.any.as_ref().map_or(Select::Nothing, |any| self.add(any));
        let at = u32::try_from(self.nodes.len()).expect("far fewer names than that are allowed");
        self.nodes.push(Node { named, any });
        Select::Node(at)
    }

    /// What is selected of the member with this key, unescaped.
    #[inline]
    pub(super) fn member(&self, node: u32, key: &[u8]) -> Select {
        let node = &self.nodes[node as usize];
        // Masks have a handful of names: comparing lengths first beats any index.
        for (name, select) in &node.named {
            if name.as_bytes() == key {
                return *select;
            }
        }
        node.any
    }

    /// The names of a node, and whether it also selects others.
    pub(super) fn names(&self, node: u32) -> (impl Iterator<Item = &str>, bool) {
        let node = &self.nodes[node as usize];
        (node.named.iter().map(|(name, _)| &**name), node.any != Select::Nothing)
    }
}
