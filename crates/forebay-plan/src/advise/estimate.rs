//! What indexes would save, without the planner.

use super::candidate::{Asked, Candidate};
use super::error::AdviseError;
use super::request::Request;
use super::table::Table;
use super::tables::Tables;
use super::what_if::{Priced, Use, WhatIf};

/// An estimate from statistics alone, of the plainest case: a table read from end to end for few of its rows, found by constants. Joins
/// and orders are not judged, for that is the planner's business.
#[derive(Debug)]
pub(crate) struct Estimate<'a> {
    asked: &'a [Asked],
    tables: &'a Tables,
    costs: Vec<f64>,
}

/// The planner's defaults: a block at random, an entry of an index, a row.
const RANDOM_BLOCK: f64 = 4.0;
const PER_ROW: f64 = 0.0175;
/// What is found by a range whose bounds nobody knows.
const RANGE_SHARE: f64 = 1.0 / 3.0;

impl<'a> Estimate<'a> {
    pub(crate) fn new(asked: &'a [Asked], tables: &'a Tables, costs: Vec<f64>) -> Self {
        Self { asked, tables, costs }
    }

    /// What a request would cost less by each run, and the part of the table that is read.
    fn saving(&self, request: &Request, candidate: &Candidate) -> Option<(f64, f64)> {
        let table = &self.tables.list[request.table];
        let definition = &candidate.definition;
        let is_plain = definition.method == "btree" && definition.predicate.is_none();
        if request.table != candidate.table || !request.reads_all || !is_plain {
            return None;
        }
        let share = share_found(request, candidate, table)?;
        let rows = (share * table.rows).max(1.0);
        // Rows found at random touch some blocks more than once (Mackert and Lohman).
        let blocks = (2.0 * table.pages * rows / (2.0 * table.pages + rows)).min(table.pages);
        let depth = (candidate.bytes as f64 / 8192.0).max(1.0).log2() / 7.0 + 1.0;
        let leaves = share * candidate.bytes as f64 / 8192.0;
        let cost = (depth + leaves + blocks) * RANDOM_BLOCK + rows * PER_ROW;
        (cost < request.cost).then_some((request.cost - cost, share))
    }
}

/// The part of the table's rows that the first keys lead to; none when they lead to none.
fn share_found(request: &Request, candidate: &Candidate, table: &Table) -> Option<f64> {
    let mut share = 1.0;
    let mut used = 0;
    for key in &candidate.definition.keys {
        if request.equality.iter().any(|operand| operand.text == key.text) {
            let column = key.column.as_deref().and_then(|name| table.column(name));
            share /= column.map_or(200.0, |column| column.distinct(table.rows));
            used += 1;
        } else if request.range.iter().any(|operand| operand.text == key.text) {
            share *= RANGE_SHARE;
            used += 1;
            break;
        } else {
            break;
        }
    }
    // The planner has said how many rows remain when all conditions hold.
    let remaining = (request.rows / table.rows.max(1.0)).clamp(0.0, 1.0);
    let all = used == request.equality.len() + request.range.len();
    (used > 0).then(|| if all { remaining } else { share.max(remaining) })
}

impl WhatIf for Estimate<'_> {
    async fn price(
        &mut self,
        probe: usize,
        with: &[usize],
        candidates: &[Candidate],
    ) -> Result<Priced, AdviseError> {
        let mut priced = Priced { cost: self.costs[probe], used: Vec::new() };
        for request in &self.asked[probe].requests {
            let savings = with.iter().filter_map(|&at| Some((at, self.saving(request, &candidates[at])?)));
            if let Some((candidate, (saved, share))) =
                savings.max_by(|one, other| one.1.0.total_cmp(&other.1.0))
            {
                priced.cost = (priced.cost - saved * request.runs.max(1.0)).max(0.0);
                priced.used.push(Use { candidate, share });
            }
        }
        Ok(priced)
    }
}
