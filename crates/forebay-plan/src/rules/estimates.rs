//! How far a node's rows are from those expected, and whether that can be held against the estimate.

use crate::finding::Scene;
use crate::node::Node;
use crate::plan::Plan;

/// By how many times more rows came than expected, from 1 on; none where the count does not compare with the estimate.
///
/// Rows of a loop are averages, which below PostgreSQL 18 are rounded to whole rows, so nothing below one row counts.
pub(super) fn underestimate(plan: &Plan, node: &Node) -> Option<f64> {
    let counts_else = matches!(
        node.node_type(),
        // These count row pointers, or nothing at all; the `Bitmap Heap Scan` above counts rows.
        "Bitmap Index Scan" | "BitmapAnd" | "BitmapOr"
        // The estimate of a recursion is a fixed guess, ten times its start.
        | "WorkTable Scan" | "Recursive Union"
    );
    let factor = node.misestimate().filter(|_| !counts_else && !is_read_again(plan, node))?;
    Some(factor.max(1.0))
}

/// By how many times fewer rows came than expected; none where that may be because nobody asked for the others.
pub(super) fn overestimate(plan: &Plan, node: &Node) -> Option<f64> {
    let factor = node.misestimate().filter(|factor| *factor > 0.0 && !may_stop_early(plan, node))?;
    Some((1.0 / factor).max(1.0))
}

/// The inner side of a merge join goes back for equal values, and counts those rows again.
fn is_read_again(plan: &Plan, node: &Node) -> bool {
    let passes = |node: &Node| matches!(node.node_type(), "Materialize" | "Sort" | "Incremental Sort");
    let chain = std::iter::once(node).chain(plan.ancestors(node));
    for below in chain {
        let Some(parent) = below.parent().map(|parent| &plan.nodes()[parent]) else { return false };
        if parent.node_type() == "Merge Join" {
            return below.relationship() == Some("Inner");
        }
        if !passes(parent) {
            return false;
        }
    }
    false
}

/// Whether a node above may have stopped asking before the last row: a `LIMIT`, a merge join one of whose sides ended, a join or
/// subquery that only wants to know whether there is a row.
fn may_stop_early(plan: &Plan, node: &Node) -> bool {
    let mut below = node;
    for above in plan.ancestors(node) {
        if below.is_subplan() {
            return true;
        }
        let is_inner = below.relationship() == Some("Inner");
        let wants_one = matches!(above.join_type(), Some("Semi" | "Anti" | "Right Semi" | "Right Anti"))
            || above.fields().get("Inner Unique") == Some(&crate::json::Value::Bool(true));
        match above.node_type() {
            "Limit" | "Merge Join" => return true,
            "Nested Loop" if is_inner && wants_one => return true,
            // A hash join with an empty side does not read the other one.
            "Hash Join" if !is_inner => return true,
            // These read everything before they give anything.
            "Sort" | "Hash" | "Aggregate" => return false,
            _ => {}
        }
        below = above;
    }
    false
}

/// How many rows all processes that share a scan are expected to give together: its own estimate is for one of them.
///
/// The leader takes part less the more workers it has to attend to (PostgreSQL, `costsize.c`: `get_parallel_divisor`).
pub(super) fn rows_of_all_processes(scene: &Scene<'_>, node: &Node) -> Option<f64> {
    let rows = node.plan_rows()?;
    if !node.is_parallel() {
        return Some(rows);
    }
    let workers = scene.plan.ancestors(node).find_map(|above| above.fields().number("Workers Planned"));
    let workers = workers.unwrap_or(0.0).max(0.0);
    Some(rows * (workers + (1.0 - 0.3 * workers).max(0.0)).max(1.0))
}

/// How many rows a node gave in the call, where its plan was not run: those of the result, if nothing in between adds or drops any.
pub(super) fn rows_of_call(scene: &Scene<'_>, node: &Node) -> Option<f64> {
    const PASS: [&str; 5] = ["Gather", "Gather Merge", "Sort", "Incremental Sort", "LockRows"];
    let all_pass = scene.plan.ancestors(node).all(|above| PASS.contains(&above.node_type()));
    let rows = scene.circumstances.call.and_then(|call| call.rows).filter(|_| all_pass && !node.is_subplan());
    rows.filter(|rows| rows.is_finite() && *rows >= 0.0)
}

/// The one column of a node's conditions, where each of them compares it with a constant; none otherwise.
///
/// Such a condition is estimated from that column's own statistics, nothing else.
pub(super) fn only_column(node: &Node) -> Option<String> {
    const SIMPLE: [&str; 6] = ["Filter", "Index Cond", "Recheck Cond", "TID Cond", "Order By", ""];
    let mut only: Option<String> = None;
    for (key, condition) in node.conditions() {
        let columns = super::columns::columns(condition);
        let [column] = columns.as_slice() else { return None };
        if !SIMPLE.contains(&key) || !compares(condition) || only.as_ref().is_some_and(|only| only != column)
        {
            return None;
        }
        only = Some(column.clone());
    }
    only
}

/// Whether a condition with one column does nothing but compare it with constants: no function, no other table's column, no parameter,
/// no pattern, no arithmetic.
fn compares(condition: &str) -> bool {
    let plain = super::columns::without_literals(condition);
    let has_call = plain.as_bytes().windows(2).any(|pair| {
        pair[1] == b'(' && (pair[0].is_ascii_alphanumeric() || pair[0] == b'_' || pair[0] == b'"')
    });
    let has_name_of_table = plain
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0] == b'.' && (pair[1].is_ascii_alphabetic() || pair[1] == b'_' || pair[1] == b'"'));
    let other = ["$", "~", "@", "&", "%", "+", " * ", " / ", " - ", "||", " OR ", "<>", "SubPlan"];
    !has_call && !has_name_of_table && !other.iter().any(|sign| plain.contains(sign))
}
