//! One node of a plan.

mod measures;
mod names;

pub use measures::{Actual, Hash, Sort};

use crate::json::{Object, Value};

/// One node of a plan. What it was read from stays in [`fields`](Self::fields), by the keys of PostgreSQL's JSON; the methods give it
/// types. What a plan does not say is `None`, whatever its version or options.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub(crate) id: usize,
    pub(crate) parent: Option<usize>,
    pub(crate) depth: usize,
    /// All but the nodes under it.
    pub(crate) fields: Object,
    pub(crate) children: Vec<usize>,
}

impl Node {
    /// Its place in [`Plan::nodes`](crate::Plan::nodes).
    #[must_use]
    pub fn id(&self) -> usize {
        self.id
    }

    /// The place of the node above it; none for the root.
    #[must_use]
    pub fn parent(&self) -> Option<usize> {
        self.parent
    }

    /// How many nodes are above it.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The places of the nodes right under it.
    #[must_use]
    pub fn children(&self) -> &[usize] {
        &self.children
    }

    /// Everything that was said of it, by the keys of PostgreSQL's JSON.
    #[must_use]
    pub fn fields(&self) -> &Object {
        &self.fields
    }

    /// Whether it is part of the tree by way of an expression or a `WITH`, not as an input.
    #[must_use]
    pub fn is_subplan(&self) -> bool {
        matches!(self.relationship(), Some("InitPlan" | "SubPlan"))
    }

    /// The common table expression it computes: `CTE name` hangs under the node of its query level, and runs when it is scanned.
    #[must_use]
    pub fn computes_cte(&self) -> Option<&str> {
        self.subplan_name()?.strip_prefix("CTE ")
    }

    /// The conditions: what it filters, joins and looks up by, each under PostgreSQL's key.
    pub fn conditions(&self) -> impl Iterator<Item = (&str, &str)> {
        let texts = self.fields.iter().filter_map(|(key, value)| Some((key, value.text()?)));
        texts.filter(|(key, _)| {
            *key == "Filter" || *key == "Order By" || key.ends_with(" Cond") || key.ends_with(" Filter")
        })
    }

    /// Every string and list of strings but names: where a parameter can stand.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &str> {
        let told =
            self.fields.iter().filter(|(key, _)| !key.ends_with(" Name") && *key != "Params Evaluated");
        told.flat_map(|(_, value)| {
            value.text().into_iter().chain(value.list().iter().filter_map(Value::text))
        })
    }

    /// The parameters an InitPlan or SubPlan gives its results in: `InitPlan 1 (returns $0,$1)`, up to PostgreSQL 16.
    pub(crate) fn results(&self) -> impl Iterator<Item = &str> {
        let names = self.subplan_name().and_then(|name| name.split_once("(returns "));
        names.into_iter().flat_map(|(_, names)| names.trim_end_matches(')').split(',').map(str::trim))
    }
}
