//! Inside which node each other one ran.

use crate::node::Node;
use crate::plan::{Plan, parameters};

/// For each node the nodes it ran inside of. The root has none.
#[derive(Debug)]
pub(super) struct Payers {
    pub(super) of: Vec<Vec<usize>>,
    /// Nodes whose work may go on after the root has ended.
    pub(super) outlives: Vec<bool>,
}

impl Payers {
    /// Each node inside the one it hangs under.
    pub(super) fn as_printed(plan: &Plan) -> Self {
        let of = plan.nodes().iter().map(|node| node.parent().into_iter().collect()).collect();
        Self { of, outlives: vec![false; plan.nodes().len()] }
    }

    /// Each node inside those that waited for it.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut payers: Vec<Vec<usize>> =
            plan.nodes().iter().map(|node| node.parent().into_iter().collect()).collect();
        let mut outlives = vec![false; plan.nodes().len()];
        for node in plan.nodes() {
            if node.computes_cte().is_some() {
                outlives[node.id()] = node.node_type() == "ModifyTable";
                payers[node.id()].clear();
            } else if node.relationship() == Some("InitPlan") {
                payers[node.id()] = init_plan(plan, node).into_iter().collect();
            }
        }
        for scan in plan.nodes().iter().filter(|node| node.node_type() == "CTE Scan") {
            if let Some(source) = scan.cte().and_then(|name| source(plan, scan, name)) {
                payers[source].push(scan.id());
            }
        }
        Self { of: payers, outlives }
    }
}

/// The node that computes what a `CTE Scan` reads: the nearest of that name among those that the scan and its ancestors have under them.
fn source(plan: &Plan, scan: &Node, name: &str) -> Option<usize> {
    std::iter::once(scan).chain(plan.ancestors(scan)).find_map(|level| {
        let mut computed = plan.children(level).filter(|child| child.computes_cte() == Some(name));
        // A node does not read what it is part of.
        computed.find(|child| !is_inside(plan, scan, child)).map(Node::id)
    })
}

/// Nodes below `node`, in the order they are printed, stand behind it and deeper.
fn is_inside(plan: &Plan, node: &Node, outer: &Node) -> bool {
    node.id() == outer.id() || plan.ancestors(node).any(|ancestor| ancestor.id() == outer.id())
}

/// The node that asks for an InitPlan's result.
fn init_plan(plan: &Plan, node: &Node) -> Option<usize> {
    let parent = node.parent()?;
    let took =
        |node: &Node| node.actual().map_or(0.0, |actual| actual.total_ms.unwrap_or(0.0) * actual.loops);
    let depth = plan.nodes()[parent].depth();
    let below = plan.nodes()[parent..].iter().enumerate();
    let users = below
        .take_while(|(at, user)| *at == 0 || user.depth() > depth)
        .map(|(_, user)| user)
        .filter(|user| uses(user, node) && !is_inside(plan, user, node))
        .map(|user| gathered(plan, user, depth));
    let mut deepest: Option<&Node> = None;
    for user in users.filter(|user| took(user) >= took(node)) {
        if deepest.is_none_or(|found| user.depth() > found.depth()) {
            deepest = Some(user);
        }
    }
    Some(deepest.map_or(parent, Node::id))
}

/// The `Gather` between a node and the InitPlan it uses, if there is one: workers get results, not plans.
fn gathered<'a>(plan: &'a Plan, user: &'a Node, depth: usize) -> &'a Node {
    let between = plan.ancestors(user).take_while(|ancestor| ancestor.depth() >= depth);
    between.filter(|ancestor| ancestor.node_type().starts_with("Gather")).last().unwrap_or(user)
}

/// Whether an expression has an InitPlan's result: `$0`, from PostgreSQL 17 on `(InitPlan 1).col1`.
fn uses(user: &Node, init_plan: &Node) -> bool {
    let results: Vec<&str> = init_plan.results().collect();
    let name = init_plan.subplan_name().unwrap_or("");
    let column = format!("({name}).");
    user.expressions().any(|expression| {
        parameters(expression).any(|parameter| results.contains(&parameter))
            || (!name.is_empty() && results.is_empty() && expression.contains(&column))
    })
}
