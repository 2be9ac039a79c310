//! Which indexes, of all that could be made.

mod limits;
mod pool;
mod prices;

use super::candidate::Candidate;
use super::error::AdviseError;
use super::what_if::WhatIf;
pub(crate) use limits::Bounds;
pub(crate) use pool::usable;
pub(crate) use prices::{Prices, Probe};

/// A chosen set of candidates with what it is worth.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) candidates: Vec<usize>,
}

/// A step that was considered: a candidate and what choosing it would bring.
#[derive(Debug, Clone, Copy)]
struct Step {
    candidate: usize,
    /// What the workload would cost less, writes considered.
    benefit: f64,
    /// Benefit for each further byte.
    ratio: f64,
    /// How many were chosen when this was worked out.
    round: usize,
}

/// Chooses: by benefit for each byte, as long as there is any (Extend); a wider index takes the place of a narrower one it begins with.
/// Then whatever the others have made needless goes, and pairs that one index of the pool can nearly replace are merged.
///
/// Benefits of indexes rarely grow when others are chosen, so that an old figure is a bound: only the most promising are worked out anew.
pub(crate) async fn select<W: WhatIf>(
    prices: &mut Prices<'_, W>,
    pool: &[usize],
    bounds: &Bounds,
) -> Result<Chosen, AdviseError> {
    let mut chosen: Vec<usize> = Vec::new();
    let mut steps = Vec::new();
    for &candidate in pool {
        steps.push(step(prices, &chosen, candidate).await?);
    }
    while chosen.len() < bounds.indexes_max && !prices.is_late() {
        steps.sort_by(|one, other| other.ratio.total_cmp(&one.ratio));
        let Some(best) = steps.first().copied().filter(|best| best.benefit > 0.0) else { break };
        if best.round != chosen.len() {
            steps[0] = step(prices, &chosen, best.candidate).await?;
            continue;
        }
        steps.remove(0);
        let next = with(&chosen, best.candidate, prices.candidates);
        let fits = bounds.bytes_max.is_none_or(|max| bytes(&next, prices.candidates) <= max);
        if fits && prices.is_worth_it(&chosen, &next, best.benefit).await? {
            chosen = next;
        }
    }
    drop_needless(prices, &mut chosen).await?;
    merge(prices, &mut chosen, pool).await?;
    drop_needless(prices, &mut chosen).await?;
    Ok(Chosen { candidates: chosen })
}

async fn step<W: WhatIf>(
    prices: &mut Prices<'_, W>,
    chosen: &[usize],
    candidate: usize,
) -> Result<Step, AdviseError> {
    let next = with(chosen, candidate, prices.candidates);
    let benefit = prices.benefit(chosen, &next, candidate).await?;
    let more = bytes(&next, prices.candidates).saturating_sub(bytes(chosen, prices.candidates));
    // A small index is not better than a useful one because it is small.
    let ratio = benefit / (more as f64 + FLOOR_BYTES);
    Ok(Step { candidate, benefit, ratio, round: chosen.len() })
}

/// Bytes that are not worth counting.
const FLOOR_BYTES: f64 = 4.0 * 1024.0 * 1024.0;

/// The chosen ones with another, without those it serves for.
fn with(chosen: &[usize], candidate: usize, candidates: &[Candidate]) -> Vec<usize> {
    let new = &candidates[candidate];
    let stays = |&&old: &&usize| {
        let old = &candidates[old];
        old.table != new.table || !new.definition.serves_for(&old.definition)
    };
    let mut next: Vec<usize> = chosen.iter().filter(stays).copied().collect();
    next.push(candidate);
    next
}

fn bytes(chosen: &[usize], candidates: &[Candidate]) -> u64 {
    chosen.iter().map(|&at| candidates[at].bytes).sum()
}

/// Takes out what is not worth it beside the others, the least useful first.
async fn drop_needless<W: WhatIf>(
    prices: &mut Prices<'_, W>,
    chosen: &mut Vec<usize>,
) -> Result<(), AdviseError> {
    while !chosen.is_empty() {
        let mut least: Option<(f64, Vec<usize>)> = None;
        for &candidate in chosen.iter() {
            let rest: Vec<usize> = chosen.iter().copied().filter(|&other| other != candidate).collect();
            let loss = prices.benefit(&rest, chosen, candidate).await?;
            if !prices.is_worth_it(&rest, chosen, loss).await?
                && least.as_ref().is_none_or(|(least, _)| loss < *least)
            {
                least = Some((loss, rest));
            }
        }
        match least {
            Some((_, rest)) => *chosen = rest,
            None => return Ok(()),
        }
    }
    Ok(())
}

/// The part of the whole benefit that may be lost to save an index.
const MERGE_LOSS: f64 = 0.02;

/// Replaces two indexes of one table by one of the pool where that loses next to nothing.
async fn merge<W: WhatIf>(
    prices: &mut Prices<'_, W>,
    chosen: &mut Vec<usize>,
    pool: &[usize],
) -> Result<(), AdviseError> {
    let none = prices.total(&[]).await?;
    'again: loop {
        let now = prices.total(chosen).await?;
        for (one, other) in pairs(chosen) {
            let table = prices.candidates[one].table;
            if prices.candidates[other].table != table || prices.is_late() {
                continue;
            }
            let rest: Vec<usize> = chosen.iter().copied().filter(|&at| at != one && at != other).collect();
            let pair = bytes(&[one, other], prices.candidates);
            for &new in pool.iter().filter(|new| !rest.contains(new)) {
                let candidate = &prices.candidates[new];
                if candidate.table != table || candidate.bytes >= pair {
                    continue;
                }
                let next = with(&rest, new, prices.candidates);
                if prices.total(&next).await? - now <= (none - now) * MERGE_LOSS {
                    *chosen = next;
                    continue 'again;
                }
            }
        }
        return Ok(());
    }
}

fn pairs(chosen: &[usize]) -> Vec<(usize, usize)> {
    let from = |(at, &one): (usize, &usize)| {
        chosen[at + 1..].iter().map(move |&other| (one, other)).collect::<Vec<_>>()
    };
    chosen.iter().enumerate().flat_map(from).collect()
}
