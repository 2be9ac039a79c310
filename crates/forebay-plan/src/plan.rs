//! One plan.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use crate::json::{Object, Value};
use crate::node::Node;
use crate::statement::{Jit, Trigger};

/// The plan of one statement: a tree of [`Node`]s, and what was said of the statement as a whole.
///
/// Nothing of the input is lost: [`Display`] writes it as `EXPLAIN (FORMAT JSON)` does (compact, one object), with every key that was
/// read, known to this version or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub(crate) line: usize,
    /// Everything but the tree.
    pub(crate) fields: Object,
    /// In the order they are printed: each node before those under it. Never empty.
    pub(crate) nodes: Vec<Node>,
}

impl Plan {
    /// The line of the input it begins in, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The topmost node.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.nodes[0]
    }

    /// Every node in the order they are printed, the root first; [`Node::id`] is the place here.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes right under one.
    pub fn children<'a>(&'a self, node: &'a Node) -> impl DoubleEndedIterator<Item = &'a Node> {
        node.children.iter().map(|&child| &self.nodes[child])
    }

    /// The nodes above one, the nearest first.
    pub fn ancestors<'a>(&'a self, node: &Node) -> impl Iterator<Item = &'a Node> {
        let above = |node: &Node| node.parent().map(|parent| &self.nodes[parent]);
        std::iter::successors(above(node), move |node| above(node))
    }

    /// What was said of the statement as a whole, by the keys of PostgreSQL's JSON.
    #[must_use]
    pub fn fields(&self) -> &Object {
        &self.fields
    }

    /// Whether the statement was run (`ANALYZE`), so that there is more than estimates.
    #[must_use]
    pub fn is_analyzed(&self) -> bool {
        self.root().actual().is_some()
    }

    /// Milliseconds it took to plan the statement.
    #[must_use]
    pub fn planning_ms(&self) -> Option<f64> {
        self.fields.number("Planning Time")
    }

    /// Milliseconds it took to run the statement, triggers included.
    #[must_use]
    pub fn execution_ms(&self) -> Option<f64> {
        self.fields.number("Execution Time")
    }

    /// The statement, where a log has it (`auto_explain`).
    #[must_use]
    pub fn query_text(&self) -> Option<&str> {
        self.fields.text("Query Text")
    }

    /// The settings that differ from their defaults and concern planning (`SETTINGS`).
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let settings = self.fields.get("Settings").and_then(Value::object);
        settings.into_iter().flat_map(Object::iter).filter_map(|(name, value)| Some((name, value.text()?)))
    }

    /// What compiling expressions took.
    #[must_use]
    pub fn jit(&self) -> Option<Jit> {
        self.fields.get("JIT").and_then(Value::object).map(Jit::of)
    }

    /// What each trigger took.
    pub fn triggers(&self) -> impl Iterator<Item = Trigger<'_>> {
        let triggers = self.fields.get("Triggers").map_or(&[][..], Value::list);
        triggers.iter().filter_map(Value::object).map(Trigger::of)
    }

    /// Whether the plan was made for any value of a parameter (a generic plan): a condition has a `$1` that is not the result of an
    /// InitPlan. A custom plan shows the value in its place. PostgreSQL 16 and older number InitPlans' results alike; a parameter of
    /// the same number as one of those is then not told.
    #[must_use]
    pub fn is_generic(&self) -> bool {
        let results: HashSet<&str> = self.nodes.iter().flat_map(Node::results).collect();
        self.nodes.iter().flat_map(Node::expressions).flat_map(parameters).any(|name| !results.contains(name))
    }

    fn write_node(&self, f: &mut Formatter<'_>, node: &Node) -> fmt::Result {
        let fields = node.fields.to_string();
        f.write_str(&fields[..fields.len() - 1])?;
        for (at, child) in self.children(node).enumerate() {
            f.write_str(if at == 0 { ",\"Plans\":[" } else { "," })?;
            self.write_node(f, child)?;
        }
        f.write_str(if node.children.is_empty() { "}" } else { "]}" })
    }
}

impl Display for Plan {
    /// Compact JSON.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("{\"Plan\":")?;
        self.write_node(f, self.root())?;
        let fields = self.fields.to_string();
        f.write_str(if self.fields.is_empty() { "" } else { "," })?;
        f.write_str(&fields[1..])
    }
}

/// The `$1` of an expression, those within string literals and quoted names aside.
pub(crate) fn parameters(expression: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    // Most have none, and what has none need not be looked at character by character.
    let looked_at = if expression.contains('$') { expression } else { "" };
    looked_at.char_indices().filter_map(move |(at, character)| {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if character == '\'' || character == '"' => quote = Some(character),
            None if character == '$' => {
                let digits = expression[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
                return (digits > 0).then(|| &expression[at..=at + digits]);
            }
            None => {}
        }
        None
    })
}
