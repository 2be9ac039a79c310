//! What statements cost with sets of candidates, each asked once.

use std::collections::HashMap;
use std::time::Instant;

use super::super::candidate::Candidate;
use super::super::error::AdviseError;
use super::super::tables::Tables;
use super::super::what_if::{Priced, WhatIf};
use super::super::write_cost::Writes;

/// A statement with one list of values.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// How often it runs.
    pub(crate) weight: f64,
    /// What it costs now.
    pub(crate) cost: f64,
    /// The tables it scans.
    pub(crate) tables: Vec<usize>,
}

/// What statements cost with sets of candidates.
pub(crate) struct Prices<'a, W> {
    pub(crate) what_if: W,
    pub(crate) candidates: &'a [Candidate],
    pub(crate) probes: &'a [Probe],
    pub(crate) tables: &'a Tables,
    /// By table.
    pub(crate) writes: &'a [Writes],
    /// When to come to an end.
    pub(crate) until: Instant,
    pub(crate) asked: u64,
    known: HashMap<(usize, Vec<usize>), Priced>,
}

/// Reading more of a table than this through an index is not what an index is for, even if it is somewhat smaller than the table.
const SHARE_MAX: f64 = 0.3;
/// What an index has to bring, as a part of the whole workload's cost…
const SHARE_OF_WORKLOAD: f64 = 0.01;
/// … or as a part of what one statement costs, which then has to be this much of a call, in the planner's units.
const SHARE_OF_STATEMENT: f64 = 0.2;
const UNITS_OF_CALL: f64 = 25.0;
/// What an index as big as all tables of the workload has to bring, as a part of what the workload costs without it; smaller ones
/// accordingly less.
const SHARE_FOR_SIZE: f64 = 0.2;

impl<'a, W: WhatIf> Prices<'a, W> {
    pub(crate) fn new(
        what_if: W,
        candidates: &'a [Candidate],
        probes: &'a [Probe],
        tables: &'a Tables,
        writes: &'a [Writes],
        until: Instant,
    ) -> Self {
        Self { what_if, candidates, probes, tables, writes, until, asked: 0, known: HashMap::new() }
    }

    /// Whether the time is up: what was chosen by then is the answer.
    pub(crate) fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// The price of a probe, uses that read a large part of a table left out.
    pub(crate) async fn price(&mut self, probe: usize, set: &[usize]) -> Result<Priced, AdviseError> {
        let candidates = self.candidates;
        let mut with: Vec<usize> =
            set.iter().copied().filter(|&at| candidates[at].probes.contains(&probe)).collect();
        with.sort_unstable();
        if with.is_empty() {
            return Ok(Priced { cost: self.probes[probe].cost, used: Vec::new() });
        }
        let key = (probe, with);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let mut rest = key.1.clone();
        let priced = loop {
            if rest.is_empty() {
                break Priced { cost: self.probes[probe].cost, used: Vec::new() };
            }
            self.asked += 1;
            let priced = self.what_if.price(probe, &rest, candidates).await?;
            let before = rest.len();
            let wide =
                |at: &usize| priced.used.iter().any(|used| used.candidate == *at && used.share > SHARE_MAX);
            rest.retain(|at| !wide(at));
            if rest.len() == before {
                break priced;
            }
        };
        self.known.insert(key, priced.clone());
        Ok(priced)
    }

    /// What the workload costs with a set, writes included.
    pub(crate) async fn total(&mut self, set: &[usize]) -> Result<f64, AdviseError> {
        let mut total = self.write_cost(set);
        for probe in 0..self.probes.len() {
            total += self.price(probe, set).await?.cost * self.probes[probe].weight;
        }
        Ok(total)
    }

    /// What the workload costs less with a set than with another that differs from it around one candidate.
    pub(crate) async fn benefit(
        &mut self,
        before: &[usize],
        after: &[usize],
        candidate: usize,
    ) -> Result<f64, AdviseError> {
        let mut benefit = self.write_cost(before) - self.write_cost(after);
        let table = self.candidates[candidate].table;
        for probe in 0..self.probes.len() {
            if self.probes[probe].tables.contains(&table) {
                let less = self.price(probe, before).await?.cost - self.price(probe, after).await?.cost;
                benefit += less * self.probes[probe].weight;
            }
        }
        Ok(benefit)
    }

    /// Whether a step that brings this much is worth an index: to the workload as a whole, or to one of its statements.
    pub(crate) async fn is_worth_it(
        &mut self,
        before: &[usize],
        after: &[usize],
        benefit: f64,
    ) -> Result<bool, AdviseError> {
        let workload = self.total(before).await?;
        let bytes = |set: &[usize]| set.iter().map(|&at| self.candidates[at].bytes as f64).sum::<f64>();
        let tables: f64 = self.tables.list.iter().map(|table| table.pages * 8192.0).sum();
        let size = (bytes(after) - bytes(before)).max(0.0) / tables.max(1.0);
        if benefit <= 0.0 || benefit < workload * SHARE_FOR_SIZE * size {
            return Ok(false);
        }
        for probe in 0..self.probes.len() {
            let (old, new) = (self.price(probe, before).await?.cost, self.price(probe, after).await?.cost);
            let enough = old - new >= UNITS_OF_CALL
                && (old - new >= self.probes[probe].cost * SHARE_OF_STATEMENT
                    || benefit >= workload * SHARE_OF_WORKLOAD);
            if enough {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) fn write_cost(&self, set: &[usize]) -> f64 {
        set.iter()
            .map(|&at| {
                let candidate = &self.candidates[at];
                self.writes[candidate.table].cost(&candidate.definition, &self.tables.list[candidate.table])
            })
            .sum()
    }
}
