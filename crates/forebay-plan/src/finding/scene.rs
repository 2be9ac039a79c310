//! A plan with what is worked out of it once, for every rule.

use std::collections::HashMap;

use super::circumstances::{Circumstances, TableStatistics};
use crate::exclusive::Exclusive;
use crate::node::Node;
use crate::plan::Plan;
use crate::rules;
use crate::subtrees::Subtrees;

/// A plan as the rules see it. Amounts are milliseconds where the plan has times, else the planner's cost.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) circumstances: &'a Circumstances,
    own: Vec<f64>,
    /// What a node and those under it took, by the nodes' own amounts.
    inside: Vec<f64>,
    /// Of each node the children that are its outer and inner side.
    sides: Vec<Option<(usize, usize)>>,
    /// Where each common table expression is computed; the first of a name.
    tables: HashMap<&'a str, usize>,
    /// What is known of tables, by their names, in the order it was told.
    statistics: HashMap<&'a str, Vec<&'a TableStatistics>>,
    subtrees: Subtrees,
    /// Of each node whether far more rows came than expected, and whether that is so of one under it.
    far_off: Vec<FarOff>,
    timed: bool,
    generic: bool,
    whole: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct FarOff {
    itself: bool,
    under: bool,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(plan: &'a Plan, circumstances: &'a Circumstances) -> Self {
        let exclusive = Exclusive::of(plan);
        let timed = exclusive.total_ms().is_some();
        let amount = |node| if timed { exclusive.time_ms(node) } else { exclusive.cost(node) };
        let own: Vec<f64> = plan.nodes().iter().map(|node| finite(amount(node).unwrap_or(0.0))).collect();
        let mut inside = own.clone();
        for node in plan.nodes().iter().rev() {
            if let Some(parent) = node.parent() {
                inside[parent] += inside[node.id()];
            }
        }
        let nodes: f64 = own.iter().sum();
        let whole = if timed {
            nodes.max(finite(plan.execution_ms().unwrap_or(0.0))) + finite(plan.planning_ms().unwrap_or(0.0))
        } else {
            nodes
        };
        let tables = plan.nodes().iter().rev();
        let tables = tables.filter_map(|node| Some((node.computes_cte()?, node.id()))).collect();
        let sides = plan.nodes().iter().map(|node| sides(plan, node)).collect();
        let mut statistics: HashMap<&str, Vec<&TableStatistics>> = HashMap::new();
        for table in &circumstances.tables {
            statistics.entry(&table.name).or_default().push(table);
        }
        Self {
            plan,
            circumstances,
            own,
            inside,
            sides,
            tables,
            statistics,
            subtrees: Subtrees::of(plan),
            far_off: far_off(plan),
            timed,
            generic: plan.is_generic(),
            whole: finite(whole),
        }
    }

    /// Whether amounts are milliseconds.
    pub(crate) fn is_timed(&self) -> bool {
        self.timed
    }

    /// Whether the plan is one for any values.
    pub(crate) fn is_generic(&self) -> bool {
        self.generic
    }

    /// What the statement took, planning included.
    pub(crate) fn whole(&self) -> f64 {
        self.whole
    }

    /// What a node took itself.
    pub(crate) fn own(&self, node: &Node) -> f64 {
        self.own[node.id()]
    }

    /// What a node and everything under it took.
    pub(crate) fn inside(&self, node: &Node) -> f64 {
        self.inside[node.id()]
    }

    /// The outer and the inner side of a join.
    pub(crate) fn sides(&self, join: &Node) -> Option<(&'a Node, &'a Node)> {
        let (outer, inner) = self.sides[join.id()]?;
        Some((&self.plan.nodes()[outer], &self.plan.nodes()[inner]))
    }

    /// The node that computes the common table expression a scan reads.
    pub(crate) fn table_read(&self, scan: &Node) -> Option<&'a Node> {
        self.tables.get(scan.cte()?).map(|node| &self.plan.nodes()[*node])
    }

    /// Whether a node is `outer` or under it.
    pub(crate) fn is_in(&self, node: &Node, outer: &Node) -> bool {
        self.subtrees.is_in(node, outer)
    }

    /// Whether far more rows came from a node than were expected.
    pub(crate) fn is_far_off(&self, node: &Node) -> bool {
        self.far_off[node.id()].itself
    }

    /// Whether that is so of a node under it.
    pub(crate) fn is_far_off_under(&self, node: &Node) -> bool {
        self.far_off[node.id()].under
    }

    /// The statistics of the table a node works on. Plans without `VERBOSE` do not name the schema; the first table of that name is
    /// taken then.
    pub(crate) fn statistics(&self, node: &Node) -> Option<&'a TableStatistics> {
        let schema = node.schema();
        let fits = |table: &&TableStatistics| {
            schema.is_none() || table.schema.is_none() || table.schema.as_deref() == schema
        };
        self.statistics.get(node.relation()?)?.iter().copied().find(fits)
    }

    /// The nodes a node gets its rows from.
    pub(crate) fn inputs(&self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        self.plan.children(node).filter(|child| !child.is_subplan())
    }
}

fn sides(plan: &Plan, node: &Node) -> Option<(usize, usize)> {
    let side = |name| plan.children(node).find(|child| child.relationship() == Some(name)).map(Node::id);
    Some((side("Outer")?, side("Inner")?))
}

fn far_off(plan: &Plan) -> Vec<FarOff> {
    let mut far_off = vec![FarOff::default(); plan.nodes().len()];
    for node in plan.nodes().iter().rev() {
        far_off[node.id()].itself = rules::is_far_off(plan, node);
        let FarOff { itself, under } = far_off[node.id()];
        if let Some(parent) = node.parent() {
            far_off[parent].under |= itself || under;
        }
    }
    far_off
}

/// Figures of a plan somebody wrote by hand may be anything.
fn finite(number: f64) -> f64 {
    if number.is_finite() { number.max(0.0) } else { 0.0 }
}
