//! A plan as PostgreSQL showed it, read with serde_json alone: the proofs share nothing with what they judge.

use anyhow::{Context as _, Result};
use serde_json::Value;

pub(crate) struct Shown(Value);

impl Shown {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let document: Value = serde_json::from_str(text)?;
        Ok(Self(document.get(0).context("EXPLAIN printed no plan")?.clone()))
    }

    /// All nodes, the root first.
    pub(crate) fn nodes(&self) -> Vec<&Value> {
        let mut nodes = vec![&self.0["Plan"]];
        let mut at = 0;
        while at < nodes.len() {
            let below = nodes[at]["Plans"].as_array();
            nodes.extend(below.into_iter().flatten());
            at += 1;
        }
        nodes
    }

    pub(crate) fn any(&self, is: impl Fn(&Value) -> bool) -> bool {
        self.nodes().into_iter().any(is)
    }

    pub(crate) fn has(&self, node_type: &str) -> bool {
        self.any(|node| node["Node Type"] == node_type)
    }

    /// Blocks of tables and indexes that were touched.
    pub(crate) fn blocks(&self) -> f64 {
        let keys = ["Shared Hit Blocks", "Shared Read Blocks", "Local Hit Blocks", "Local Read Blocks"];
        keys.iter().map(|key| number(&self.0["Plan"], key)).sum()
    }

    pub(crate) fn execution_ms(&self) -> f64 {
        number(&self.0, "Execution Time")
    }

    pub(crate) fn planning_ms(&self) -> f64 {
        number(&self.0, "Planning Time")
    }

    pub(crate) fn jit_ms(&self) -> f64 {
        number(&self.0["JIT"]["Timing"], "Total")
    }

    pub(crate) fn trigger_ms(&self) -> f64 {
        self.0["Triggers"].as_array().into_iter().flatten().map(|trigger| number(trigger, "Time")).sum()
    }

    /// The faults that a plan shows by a single figure, each by its id.
    pub(crate) fn signs(&self) -> Vec<&'static str> {
        let workers = |node: &Value| number(node, "Workers Planned") > number(node, "Workers Launched");
        let signs: [(&str, bool); 9] = [
            ("sort-spill", self.any(spilled_sort)),
            ("hash-spill", self.any(|node| number(node, "Hash Batches") > 1.0)),
            ("aggregate-spill", self.any(|node| number(node, "HashAgg Batches") > 1.0)),
            ("lossy-bitmap", self.any(|node| number(node, "Lossy Heap Blocks") > 0.0)),
            ("heap-fetches", self.any(|node| number(node, "Heap Fetches") > 20.0)),
            ("workers-not-launched", self.any(workers)),
            ("jit-overhead", self.jit_ms() > 0.1 * self.execution_ms()),
            ("planning-overhead", self.planning_ms() > self.execution_ms().max(3.0)),
            ("trigger-time", self.trigger_ms() > 0.4 * self.execution_ms() && self.trigger_ms() > 5.0),
        ];
        signs.into_iter().filter_map(|(sign, shown)| shown.then_some(sign)).collect()
    }
}

/// 0 where the plan has no such figure.
pub(crate) fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or(0.0)
}

/// Rows of all loops.
pub(crate) fn rows(node: &Value) -> f64 {
    number(node, "Actual Rows") * number(node, "Actual Loops")
}

/// Rows of all loops that the node's filter took out.
pub(crate) fn filtered(node: &Value) -> f64 {
    number(node, "Rows Removed by Filter") * number(node, "Actual Loops").max(1.0)
}

/// By how many times a loop gave more rows than were expected.
pub(crate) fn more_than_expected(node: &Value) -> f64 {
    number(node, "Actual Rows") / number(node, "Plan Rows").max(1.0)
}

fn spilled_sort(node: &Value) -> bool {
    let workers = node["Workers"].as_array().into_iter().flatten();
    std::iter::once(node).chain(workers).any(|sort| sort["Sort Space Type"] == "Disk")
}
