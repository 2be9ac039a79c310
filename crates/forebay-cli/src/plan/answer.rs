//! What is said about one plan.

use std::collections::BTreeMap;

use forebay_plan::{Exclusive, Finding, Plan, findings};
use serde::Serialize;

use super::hot;
use super::node::NodeAnswer;

/// The names of the fields are those of `--json` and stay as they are.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    /// The line of the input it begins in, from 1.
    pub(super) line: usize,
    pub(super) analyzed: bool,
    pub(super) generic: bool,
    pub(super) query: Option<&'a str>,
    pub(super) planning_ms: Option<f64>,
    pub(super) execution_ms: Option<f64>,
    /// What all nodes took.
    pub(super) total_ms: Option<f64>,
    pub(super) settings: BTreeMap<&'a str, &'a str>,
    pub(super) triggers: Vec<TriggerAnswer<'a>>,
    pub(super) jit: Option<JitAnswer>,
    pub(super) hot_path: Vec<usize>,
    pub(super) nodes: Vec<NodeAnswer<'a>>,
    /// The weightiest first.
    pub(super) findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
pub(super) struct TriggerAnswer<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) constraint: Option<&'a str>,
    pub(super) relation: Option<&'a str>,
    pub(super) total_ms: Option<f64>,
    pub(super) calls: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct JitAnswer {
    pub(super) functions: u64,
    pub(super) total_ms: Option<f64>,
}

impl<'a> Answer<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let exclusive = Exclusive::of(plan);
        let hot_path = hot::path(plan, &exclusive);
        let triggers = plan.triggers().map(|trigger| TriggerAnswer {
            name: trigger.name,
            constraint: trigger.constraint,
            relation: trigger.relation,
            total_ms: trigger.total_ms,
            calls: trigger.calls,
        });
        Self {
            line: plan.line(),
            analyzed: plan.is_analyzed(),
            generic: plan.is_generic(),
            query: plan.query_text(),
            planning_ms: plan.planning_ms(),
            execution_ms: plan.execution_ms(),
            total_ms: exclusive.total_ms().map(microseconds),
            settings: plan.settings().collect(),
            triggers: triggers.collect(),
            jit: plan.jit().map(|jit| JitAnswer { functions: jit.functions, total_ms: jit.total_ms }),
            nodes: plan
                .nodes()
                .iter()
                .map(|node| NodeAnswer::of(node, &exclusive, plan, &hot_path))
                .collect(),
            hot_path,
            findings: findings(plan),
        }
    }

    /// The numbers, from 1, of the findings that begin at a node.
    pub(super) fn numbers_at(&self, node: usize) -> impl Iterator<Item = usize> {
        let numbered = self.findings.iter().zip(1..);
        numbered.filter(move |(finding, _)| finding.node == node).map(|(_, number)| number)
    }

    /// One JSON object.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }
}

/// Rounded to what PostgreSQL measures in.
pub(super) fn microseconds(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}
