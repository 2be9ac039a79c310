//! A figure that each node has with what ran inside it, divided among the nodes.

use super::payers::Payers;
use crate::plan::Plan;

/// What of `inclusive` is each node's own. Nothing is negative; the sum is the root's, and what outlived it.
pub(super) fn shares(plan: &Plan, payers: &Payers, inclusive: &[f64]) -> Vec<f64> {
    let claims = claims(plan, payers, inclusive);
    divide(&claims, inclusive).unwrap_or_else(|| {
        // A plan in which two nodes wait for each other is no plan of PostgreSQL's: the tree as it is printed is always in order.
        let claims = self::claims(plan, &Payers::as_printed(plan), inclusive);
        divide(&claims, inclusive).unwrap_or_else(|| inclusive.to_vec())
    })
}

/// What a node says that others took inside it, and what it took on its own account.
struct Claims {
    /// For each node those that ran inside it, with how much of them.
    inside: Vec<Vec<(usize, f64)>>,
    /// For each node inside how many others it ran.
    payers: Vec<usize>,
    /// What each node took outside of every other.
    outside: Vec<f64>,
}

fn claims(plan: &Plan, payers: &Payers, inclusive: &[f64]) -> Claims {
    let nodes = inclusive.len();
    let mut claims =
        Claims { inside: vec![Vec::new(); nodes], payers: vec![0; nodes], outside: vec![0.0; nodes] };
    for node in plan.nodes() {
        let id = node.id();
        let mut left = inclusive[id];
        let mut by_size = payers.of[id].clone();
        by_size.sort_by(|a, b| inclusive[*b].total_cmp(&inclusive[*a]));
        for payer in &by_size {
            // The only node it can have run inside of took all of it, whatever was rounded.
            let part =
                if by_size.len() == 1 && !payers.outlives[id] { left } else { left.min(inclusive[*payer]) };
            claims.inside[*payer].push((id, part));
            left -= part;
        }
        claims.payers[id] = by_size.len();
        if node.parent().is_none() || payers.outlives[id] {
            claims.outside[id] = left.max(0.0);
        }
    }
    claims
}

/// From the root down: a node has what was given to it, and gives of that. None when the order has no beginning.
fn divide(claims: &Claims, inclusive: &[f64]) -> Option<Vec<f64>> {
    let mut given = claims.outside.clone();
    let mut own = vec![0.0; inclusive.len()];
    let mut missing = claims.payers.clone();
    let mut ready: Vec<usize> = (0..inclusive.len()).filter(|node| missing[*node] == 0).collect();
    let mut done = 0;
    while let Some(node) = ready.pop() {
        done += 1;
        // A node that gets less than it says has its parts scaled with it; parts that are more than their whole are scaled to that.
        let wanted: f64 = claims.inside[node].iter().map(|(_, part)| part).sum();
        let whole = inclusive[node].max(wanted);
        let scale = if whole > given[node] { given[node] / whole } else { 1.0 };
        own[node] = (given[node] - wanted * scale).max(0.0);
        for (inside, part) in &claims.inside[node] {
            given[*inside] += part * scale;
            missing[*inside] -= 1;
            if missing[*inside] == 0 {
                ready.push(*inside);
            }
        }
    }
    (done == inclusive.len()).then_some(own)
}
