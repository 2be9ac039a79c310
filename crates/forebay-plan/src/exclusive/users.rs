//! Which nodes use what an InitPlan gives.

use std::collections::HashMap;

use crate::node::Node;
use crate::plan::{Plan, parameters};

/// The nodes that name a result in an expression, in the plan's order: `$0`, from PostgreSQL 17 on `(InitPlan 1).col1`.
#[derive(Debug, Default)]
pub(super) struct Users<'a>(HashMap<&'a str, Vec<usize>>);

impl<'a> Users<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let mut users: HashMap<&str, Vec<usize>> = HashMap::new();
        for node in plan.nodes() {
            for expression in node.expressions() {
                for result in parameters(expression).chain(columns(expression)) {
                    let users = users.entry(result).or_default();
                    if users.last() != Some(&node.id()) {
                        users.push(node.id());
                    }
                }
            }
        }
        Self(users)
    }

    /// Those that use a result of an InitPlan, the first of the plan first.
    pub(super) fn of_plan(&self, init_plan: &Node) -> Vec<usize> {
        let named = |name: &str| self.0.get(name).map_or(&[][..], Vec::as_slice);
        let mut users: Vec<usize> = init_plan.results().flat_map(named).copied().collect();
        if init_plan.results().next().is_none() {
            users.extend(named(init_plan.subplan_name().unwrap_or("")));
        }
        users.sort_unstable();
        users.dedup();
        users
    }
}

/// The `InitPlan 1` of `(InitPlan 1).col1`.
fn columns(expression: &str) -> impl Iterator<Item = &str> {
    let ends = expression.match_indices(").").map(|(at, _)| &expression[..at]);
    ends.filter_map(|before| before.rfind('(').map(|at| &before[at + 1..]))
}
