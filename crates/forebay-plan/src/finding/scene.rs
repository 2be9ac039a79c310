//! A plan with what is worked out of it once, for every rule.

use std::collections::HashMap;

use super::circumstances::Circumstances;
use crate::exclusive::Exclusive;
use crate::node::Node;
use crate::plan::Plan;

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
    timed: bool,
    generic: bool,
    whole: f64,
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
        Self {
            plan,
            circumstances,
            own,
            inside,
            sides,
            tables,
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

    /// The nodes a node gets its rows from.
    pub(crate) fn inputs(&self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        self.plan.children(node).filter(|child| !child.is_subplan())
    }
}

fn sides(plan: &Plan, node: &Node) -> Option<(usize, usize)> {
    let side = |name| plan.children(node).find(|child| child.relationship() == Some(name)).map(Node::id);
    Some((side("Outer")?, side("Inner")?))
}

/// Figures of a plan somebody wrote by hand may be anything.
fn finite(number: f64) -> f64 {
    if number.is_finite() { number.max(0.0) } else { 0.0 }
}
