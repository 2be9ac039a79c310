//! Which candidates are worth comparing.

use std::collections::BTreeSet;

use super::super::error::AdviseError;
use super::super::what_if::WhatIf;
use super::Prices;

/// Offers each probe all of its candidates at once and keeps those the planner takes; then again without what was taken and without those
/// that carry columns along, so that the narrower ones that several statements could share are compared as well.
pub(crate) async fn usable<W: WhatIf>(prices: &mut Prices<'_, W>) -> Result<Vec<usize>, AdviseError> {
    let mut pool = BTreeSet::new();
    for probe in 0..prices.probes.len() {
        if prices.is_late() {
            break;
        }
        let candidates = prices.candidates;
        let all: Vec<usize> =
            (0..candidates.len()).filter(|&at| candidates[at].made_for.contains(&probe)).collect();
        let narrow = |at: &usize| {
            let definition = &candidates[*at].definition;
            definition.include.is_empty() && definition.predicate.is_none()
        };
        let single = |at: &usize| narrow(at) && candidates[*at].definition.keys.len() == 1;
        let rounds: [Vec<usize>; 3] = [
            all.clone(),
            all.iter().copied().filter(narrow).collect(),
            all.iter().copied().filter(single).collect(),
        ];
        for offered in rounds {
            let mut rest = offered;
            // What is taken hides what is nearly as good.
            for _ in 0..2 {
                let taken = prices.price(probe, &rest).await?.used;
                if taken.is_empty() {
                    break;
                }
                rest.retain(|at| !taken.iter().any(|used| used.candidate == *at));
                pool.extend(taken.into_iter().map(|used| used.candidate));
            }
        }
    }
    Ok(pool.into_iter().collect())
}
