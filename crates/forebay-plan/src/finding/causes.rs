//! One cause, one finding: what follows from something else is told there.

use std::collections::HashMap;

use super::{Effect, Kind, Scene, Suspicion};

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
    let mut of_kind: HashMap<Kind, Vec<usize>> = HashMap::new();
    for (at, suspicion) in suspicions.iter().enumerate() {
        of_kind.entry(suspicion.kind).or_default().push(at);
    }
    let first = |pair: &Explains, effect: &Suspicion| {
        let mut causes = of_kind.get(&pair.cause)?.iter().copied();
        causes.find(|&cause| shows(scene, pair.shows, suspicions[cause].node, effect.node))
    };
    // The weightiest of them, as they are in that order.
    let cause = |effect: &Suspicion| {
        let pairs = EXPLAINS.iter().filter(|pair| pair.effect == effect.kind);
        pairs.filter_map(|pair| first(pair, effect)).min()
    };
    let causes: Vec<Option<usize>> = suspicions.iter().map(cause).collect();
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

fn shows(scene: &Scene<'_>, place: Where, cause: usize, effect: usize) -> bool {
    let (cause, effect) = (&scene.plan.nodes()[cause], &scene.plan.nodes()[effect]);
    match place {
        Where::Here => cause.id() == effect.id(),
        Where::Above => scene.is_in(cause, effect),
        Where::Below => scene.is_in(effect, cause),
        Where::LoopOverIt => scene.sides(effect).is_some_and(|(outer, _)| scene.is_in(cause, outer)),
        Where::LoopRunsIt => scene.sides(effect).is_some_and(|(_, inner)| scene.is_in(cause, inner)),
        Where::Anywhere => true,
    }
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
