//! New advice is taken down.

use super::Ledger;
use super::measure::Facts;
use super::outcome::State;
use super::record::{Promise, Record};
use crate::advise::advice::{Advice, IndexAdvice};

impl Ledger {
    /// Takes down the advice. What was advised before and is still not made keeps its place, with the figures of today.
    pub(crate) fn keep(&mut self, advice: &Advice, facts: &Facts) {
        for index in &advice.indexes {
            let new = record(index, facts);
            let same = |old: &&mut Record| old.database == new.database && old.id == new.id;
            match self.records.iter_mut().find(same) {
                Some(old) if facts.state(old) == State::Made => {}
                Some(old) => *old = Record { first_advised_ms: old.first_advised_ms, ..new },
                None => self.records.push(new),
            }
        }
    }
}

fn record(index: &IndexAdvice, facts: &Facts) -> Record {
    let promise = |gain: &crate::advise::advice::Gain| Promise {
        fingerprint: gain.fingerprint.clone(),
        statement: gain.statement.clone(),
        weight: gain.weight,
        // The gain beside the other indexes is not what can be measured: that is the cost of today.
        cost_before: facts.costs.get(&gain.fingerprint).copied().unwrap_or(gain.cost_before),
        cost_after: gain.cost_after,
        counted: facts.counted(&gain.fingerprint).copied(),
    };
    let mut record = Record {
        version: Record::VERSION,
        id: index.id.clone(),
        database: facts.database.clone(),
        schema: index.schema.clone(),
        table: index.table.clone(),
        name: index.name.clone(),
        definition: index.definition.clone(),
        ddl: index.ddl.clone(),
        bytes: index.bytes,
        first_advised_ms: facts.at_ms,
        advised_ms: facts.at_ms,
        table_scans: 0,
        statements: index.gains.iter().map(promise).collect(),
        seen: None,
    };
    record.table_scans = facts.table(&record).map_or(0, |table| table.activity.scans);
    record
}
