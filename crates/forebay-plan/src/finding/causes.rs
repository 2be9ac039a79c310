//! One cause, one finding: what follows from something else is told there.

use super::{Effect, Kind, Scene, Suspicion};
use crate::node::Node;

/// Where an effect shows, seen from its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    /// At the same node.
    Here,
    /// At the same node or above it.
    Above,
    /// At a nested loop above whose outer side it is part of.
    LoopOverIt,
    /// At a nested loop above whose inner side it is part of.
    LoopRunsIt,
    /// At the same node or under it.
    Below,
    /// Anywhere.
    Anywhere,
}

/// `cause` explains `effect` where it shows there.
struct Explains {
    cause: Kind,
    effect: Kind,
    shows: Where,
}

const fn explains(cause: Kind, shows: Where, effect: Kind) -> Explains {
    Explains { cause, effect, shows }
}

/// Which kind follows from which. No kind follows from itself by any chain of these.
const EXPLAINS: &[Explains] = &[
    // A planner that had known how many rows come would not have run the inner side for each of them, nor thought they fit in memory.
    explains(Kind::Misestimate, Where::LoopOverIt, Kind::NestedLoopLargeOuter),
    explains(Kind::Misestimate, Where::Above, Kind::HashSpill),
    explains(Kind::Misestimate, Where::Above, Kind::AggregateSpill),
    explains(Kind::Misestimate, Where::Above, Kind::SortSpill),
    // Old statistics are why the estimate is off.
    explains(Kind::StaleStatistics, Where::Above, Kind::Misestimate),
    explains(Kind::StaleStatistics, Where::LoopOverIt, Kind::NestedLoopLargeOuter),
    explains(Kind::StaleStatistics, Where::Above, Kind::HashSpill),
    explains(Kind::StaleStatistics, Where::Above, Kind::AggregateSpill),
    explains(Kind::StaleStatistics, Where::Above, Kind::SortSpill),
    // A loop is dear because each of its runs is.
    explains(Kind::SequentialScanDiscardsRows, Where::LoopRunsIt, Kind::NestedLoopLargeOuter),
    explains(Kind::IndexScanFiltersRows, Where::LoopRunsIt, Kind::NestedLoopLargeOuter),
    explains(Kind::LateFilter, Where::Here, Kind::NestedLoopLargeOuter),
    // What runs for each row is dear because it runs for each row: as a join it would run once, with other scans.
    explains(Kind::CorrelatedSubplan, Where::Below, Kind::SequentialScanDiscardsRows),
    explains(Kind::CorrelatedSubplan, Where::Below, Kind::IndexScanFiltersRows),
    explains(Kind::CorrelatedSubplan, Where::Below, Kind::NestedLoopLargeOuter),
    explains(Kind::CorrelatedSubplan, Where::Below, Kind::HeapFetches),
    explains(Kind::CorrelatedSubplan, Where::Below, Kind::LateFilter),
    explains(Kind::CorrelatedSubplan, Where::Below, Kind::WrongIndexForOrder),
    explains(Kind::CorrelatedSubplan, Where::Below, Kind::Misestimate),
    // With another index the filter would have nothing to do, and the loop would end after the first rows.
    explains(Kind::WrongIndexForOrder, Where::Here, Kind::IndexScanFiltersRows),
    explains(Kind::WrongIndexForOrder, Where::LoopOverIt, Kind::NestedLoopLargeOuter),
    explains(Kind::WrongIndexForOrder, Where::LoopOverIt, Kind::LateFilter),
    explains(Kind::WrongIndexForOrder, Where::Here, Kind::HeapFetches),
    // Rows that are not skipped need not be sorted, joined or looked up.
    explains(Kind::LargeOffset, Where::Below, Kind::SortSpill),
    explains(Kind::LargeOffset, Where::Below, Kind::NestedLoopLargeOuter),
    explains(Kind::LargeOffset, Where::Below, Kind::HeapFetches),
    // What is filtered before the join is not hashed, and not counted among what the join was expected to give.
    explains(Kind::LateFilter, Where::Below, Kind::HashSpill),
    explains(Kind::LateFilter, Where::Here, Kind::Misestimate),
    // A generic plan of many partitions takes long to make and to compile.
    explains(Kind::PlanningOverhead, Where::Anywhere, Kind::JitOverhead),
];

/// Only what nothing else explains, with what it explains.
pub(super) fn only(scene: &Scene<'_>, suspicions: &[Suspicion]) -> Vec<Suspicion> {
    let causes: Vec<Option<usize>> = (0..suspicions.len())
        .map(|effect| {
            (0..suspicions.len()).find(|&cause| follows(scene, &suspicions[cause], &suspicions[effect]))
        })
        .collect();
    let mut kept = suspicions.to_owned();
    for (effect, suspicion) in suspicions.iter().enumerate() {
        let Some(cause) = first_cause(&causes, effect) else { continue };
        let cause = &mut kept[cause];
        cause.explains.push(Effect { kind: suspicion.kind, node: suspicion.node });
        // What the effect costs is what the cause costs.
        cause.saving = match (cause.saving, suspicion.saving) {
            (Some(own), Some(other)) => Some(own.max(other)),
            (own, other) => own.or(other),
        };
        if suspicion.saving.is_some() {
            cause.confidence = cause.confidence.max(suspicion.confidence);
        }
    }
    let unexplained = kept.into_iter().zip(causes).filter(|(_, cause)| cause.is_none());
    let told = unexplained.filter(|(suspicion, _)| {
        !suspicion.only_as_cause || suspicion.explains.iter().any(|effect| effect.kind != Kind::Misestimate)
    });
    told.map(|(suspicion, _)| suspicion).collect()
}

/// The cause of the cause, and so on; none for what has no cause.
fn first_cause(causes: &[Option<usize>], effect: usize) -> Option<usize> {
    let mut first = causes[effect]?;
    // The table has no rings; the bound only says so once more.
    for _ in 0..causes.len() {
        match causes[first] {
            Some(cause) => first = cause,
            None => break,
        }
    }
    Some(first)
}

fn follows(scene: &Scene<'_>, cause: &Suspicion, effect: &Suspicion) -> bool {
    let pairs = EXPLAINS.iter().filter(|pair| pair.cause == cause.kind && pair.effect == effect.kind);
    pairs.into_iter().any(|pair| shows(scene, pair.shows, cause.node, effect.node))
}

fn shows(scene: &Scene<'_>, place: Where, cause: usize, effect: usize) -> bool {
    let nodes = scene.plan.nodes();
    let is_under =
        |under: usize, above: usize| scene.plan.ancestors(&nodes[under]).any(|node| node.id() == above);
    match place {
        Where::Here => cause == effect,
        Where::Above => cause == effect || is_under(cause, effect),
        Where::Below => cause == effect || is_under(effect, cause),
        Where::LoopOverIt => side(scene, &nodes[cause], effect) == Some("Outer"),
        Where::LoopRunsIt => side(scene, &nodes[cause], effect) == Some("Inner"),
        Where::Anywhere => true,
    }
}

/// On which side of a join above it a node is.
fn side<'a>(scene: &Scene<'a>, node: &'a Node, join: usize) -> Option<&'a str> {
    let below = std::iter::once(node).chain(scene.plan.ancestors(node));
    below.into_iter().find(|node| node.parent() == Some(join)).and_then(Node::relationship)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_from_itself() {
        fn reaches(from: Kind, to: Kind, steps: usize) -> bool {
            steps > 0
                && EXPLAINS
                    .iter()
                    .filter(|pair| pair.cause == from)
                    .any(|pair| pair.effect == to || reaches(pair.effect, to, steps - 1))
        }
        for kind in Kind::ALL {
            assert!(!reaches(kind, kind, Kind::ALL.len()), "{kind}");
        }
    }
}
