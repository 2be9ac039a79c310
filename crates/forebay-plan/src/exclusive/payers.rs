//! Inside which node each other one ran.

use std::collections::HashMap;

use super::users::Users;
use crate::node::Node;
use crate::plan::Plan;
use crate::subtrees::Subtrees;

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
        let subtrees = Subtrees::of(plan);
        let mut users = None;
        let mut tables: Tables<'_> = HashMap::new();
        for node in plan.nodes() {
            if let Some(name) = node.computes_cte() {
                outlives[node.id()] = node.node_type() == "ModifyTable";
                payers[node.id()].clear();
                tables.entry((node.parent(), name)).or_default().push(node);
            } else if node.relationship() == Some("InitPlan") {
                let users = users.get_or_insert_with(|| Users::of(plan));
                payers[node.id()] = init_plan(plan, &subtrees, users, node).into_iter().collect();
            }
        }
        for scan in plan.nodes().iter().filter(|node| !tables.is_empty() && node.node_type() == "CTE Scan") {
            if let Some(source) = scan.cte().and_then(|name| source(plan, &subtrees, &tables, scan, name)) {
                payers[source].push(scan.id());
            }
        }
        Self { of: payers, outlives }
    }
}

/// The nodes that compute common table expressions, by the node they hang under and the name.
type Tables<'a> = HashMap<(Option<usize>, &'a str), Vec<&'a Node>>;

/// The node that computes what a `CTE Scan` reads: the nearest of that name among those that the scan and its ancestors have under them.
fn source(plan: &Plan, subtrees: &Subtrees, tables: &Tables<'_>, scan: &Node, name: &str) -> Option<usize> {
    std::iter::once(scan).chain(plan.ancestors(scan)).find_map(|level| {
        let mut computed = tables.get(&(Some(level.id()), name))?.iter();
        // A node does not read what it is part of.
        computed.find(|child| !subtrees.is_in(scan, child)).map(|child| child.id())
    })
}

/// The node that asks for an InitPlan's result.
fn init_plan(plan: &Plan, subtrees: &Subtrees, users: &Users<'_>, node: &Node) -> Option<usize> {
    let parent = node.parent()?;
    let took =
        |node: &Node| node.actual().map_or(0.0, |actual| actual.total_ms.unwrap_or(0.0) * actual.loops);
    let depth = plan.nodes()[parent].depth();
    let users = users.of_plan(node).into_iter().filter(|user| subtrees.range(parent).contains(user));
    let users = users
        .map(|user| &plan.nodes()[user])
        .filter(|user| !subtrees.is_in(user, node))
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
