//! What each node took by itself.

mod payers;
mod processes;
mod shares;
mod users;

use crate::buffers::Buffers;
use crate::node::Node;
use crate::plan::Plan;
use payers::Payers;
use shares::shares;

/// What each node of a plan took by itself: its figures without those of what ran inside it.
///
/// # How it is computed
///
/// PostgreSQL prints for each node what it and everything that ran inside it took, as an average of its loops. So
///
/// - a node's time is its average times its loops. Below a `Gather` the loops of all processes are counted while the processes run side by
///   side: there it is divided by the processes that took part, which are the loops of the node right below the `Gather` for one of the
///   `Gather`'s own. That is right whether or not the leader took part.
/// - what ran inside a node are its inputs and SubPlans, but *not* a common table expression or an InitPlan that merely hangs under it:
///   these run inside the node that first asks for their rows. A CTE's share goes to its `CTE Scan`s, the longest first, each as much as
///   it took itself; an InitPlan's to the deepest node that uses its result and took long enough, and to the `Gather` above that node, as
///   the leader computes it before it starts workers.
/// - a CTE that writes is completed after the rest, outside of the root: what no scan took stands for itself.
/// - times are rounded to microseconds, for a million loops to a second: where the parts are together more than the whole they are
///   scaled down to it.
///
/// So nothing is negative, nothing is counted twice, and the times of all nodes add up to that of the root ([`total_ms`](Self::total_ms)).
/// Blocks are divided by the same rules. Costs differ in two: the planner counts a common table or InitPlan where it hangs, and of a node
/// of which only a part is expected to run (`LIMIT`) that part counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Exclusive {
    time_ms: Option<Vec<f64>>,
    wall_ms: Option<Vec<f64>>,
    cost: Option<Vec<f64>>,
    buffers: Option<Vec<Buffers>>,
}

impl Exclusive {
    /// Works it out for every node of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let payers = Payers::of(plan);
        let all = |figure: &dyn Fn(&Node) -> Option<f64>| -> Option<Vec<f64>> {
            plan.nodes().iter().map(figure).collect()
        };
        let wall_ms = processes::wall_ms(plan);
        let time_ms = wall_ms.as_ref().map(|wall| shares(plan, &payers, wall));
        let cost = all(&|node| node.total_cost().map(|cost| cost.max(0.0)));
        let runs = processes::expected_runs(plan);
        let cost = cost.map(|cost| {
            let cost: Vec<f64> = cost.iter().zip(&runs).map(|(cost, runs)| cost * runs).collect();
            shares(plan, &Payers::as_printed(plan), &cost)
        });
        Self { time_ms, wall_ms, cost, buffers: buffers(plan, &payers) }
    }

    /// Milliseconds the statement took in the node itself. None without `ANALYZE`, or with `TIMING OFF`; 0 for what never ran.
    #[must_use]
    pub fn time_ms(&self, node: &Node) -> Option<f64> {
        self.time_ms.as_ref()?.get(node.id()).copied()
    }

    /// Milliseconds the statement took in the node and in everything inside it, all loops together.
    #[must_use]
    pub fn inclusive_ms(&self, node: &Node) -> Option<f64> {
        self.wall_ms.as_ref()?.get(node.id()).copied()
    }

    /// The sum of all nodes' own times, in milliseconds: that of the root, and of what was written after it.
    #[must_use]
    pub fn total_ms(&self) -> Option<f64> {
        self.time_ms.as_ref().map(|times| times.iter().sum())
    }

    /// The part of [`total_ms`](Self::total_ms) that is the node's own, from 0 to 1.
    #[must_use]
    pub fn time_share(&self, node: &Node) -> Option<f64> {
        let total = self.total_ms()?;
        Some(if total > 0.0 { self.time_ms(node)? / total } else { 0.0 })
    }

    /// The part of the root's cost that is the node's own.
    #[must_use]
    pub fn cost(&self, node: &Node) -> Option<f64> {
        self.cost.as_ref()?.get(node.id()).copied()
    }

    /// Blocks the node touched itself. None without `BUFFERS`.
    #[must_use]
    pub fn buffers(&self, node: &Node) -> Option<Buffers> {
        self.buffers.as_ref()?.get(node.id()).copied()
    }
}

/// Each counter is divided like time. The text form leaves out what is 0.
fn buffers(plan: &Plan, payers: &Payers) -> Option<Vec<Buffers>> {
    let inclusive: Vec<[u64; 10]> =
        plan.nodes().iter().map(|node| node.buffers().unwrap_or_default().counts()).collect();
    plan.nodes().iter().any(|node| node.buffers().is_some()).then(|| {
        let mut own = vec![[0; 10]; inclusive.len()];
        for counter in 0..10 {
            let all: Vec<f64> = inclusive.iter().map(|counts| counts[counter] as f64).collect();
            if all.iter().all(|count| *count == 0.0) {
                continue;
            }
            for (own, share) in own.iter_mut().zip(shares(plan, payers, &all)) {
                own[counter] = share.round() as u64;
            }
        }
        own.into_iter().map(Buffers::from_counts).collect()
    })
}
