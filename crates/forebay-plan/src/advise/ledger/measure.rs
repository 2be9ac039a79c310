//! What was predicted beside what is.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Ledger;
use super::outcome::{Measured, Outcome, PerCall, State};
use super::record::{Counted, Promise, Record, Seen};
use crate::advise::table::{ExistingIndex, Table, qualified};

/// How things are.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) database: String,
    pub(crate) at_ms: u64,
    /// Those of the records and of new advice.
    pub(crate) tables: Vec<Table>,
    /// What the server counted, by fingerprint; none where it does not count, or does not tell.
    pub(crate) counted: Option<HashMap<String, Counted>>,
    /// What a call of a statement costs, by fingerprint.
    pub(crate) costs: HashMap<String, f64>,
    /// Scans on other servers, by `schema.index`.
    pub(crate) elsewhere: Option<HashMap<String, u64>>,
    /// Calls without a scan from which on an index is called unused.
    pub(crate) calls_min: u64,
}

/// A prediction that is off by more than this factor is wrong.
const FACTOR: f64 = 2.0;
/// A call that takes this much longer than before was not made faster.
const SLOWER: f64 = 1.2;
/// Calls before and after from which on their times are compared.
const CALLS_TO_COMPARE: u64 = 20;

impl Facts {
    pub(super) fn table(&self, record: &Record) -> Option<&Table> {
        let is_it = |table: &&Table| table.schema == record.schema && table.name == record.table;
        self.tables.iter().find(is_it)
    }

    /// The index that was advised, whatever its name; a valid one before one that is not.
    fn index(&self, record: &Record) -> Option<&ExistingIndex> {
        let same = |index: &&ExistingIndex| index.definition.indexes_the_same(&record.definition);
        let found = || self.table(record).into_iter().flat_map(|table| &table.indexes).filter(same);
        found().find(|index| index.is_valid).or_else(|| found().next())
    }

    pub(super) fn state(&self, record: &Record) -> State {
        match self.index(record) {
            Some(index) if index.is_valid => State::Made,
            Some(_) => State::Invalid,
            None if record.seen.is_some() => State::Gone,
            None => State::NotMade,
        }
    }

    pub(super) fn counted(&self, fingerprint: &str) -> Option<&Counted> {
        self.counted.as_ref()?.get(fingerprint)
    }
}

impl Ledger {
    /// What came of the advice for this database; takes down which indexes are there for the first time.
    pub(crate) fn measure(&mut self, facts: &Facts) -> Vec<Outcome> {
        let here = |record: &&Record| record.database == facts.database;
        let waiting: HashSet<String> = self
            .records
            .iter()
            .filter(here)
            .filter(|record| facts.state(record) != State::Made)
            .flat_map(|record| record.statements.iter().map(|promise| promise.fingerprint.clone()))
            .collect();
        let outcomes: Vec<Outcome> =
            self.records.iter().filter(here).map(|record| outcome(record, facts, &waiting)).collect();
        for record in self.records.iter_mut().filter(|record| record.database == facts.database) {
            if record.seen.is_none() && facts.state(record) == State::Made {
                record.seen = Some(seen(record, facts));
            }
        }
        outcomes
    }
}

fn seen(record: &Record, facts: &Facts) -> Seen {
    let counted: BTreeMap<String, Counted> = record
        .statements
        .iter()
        .filter_map(|promise| Some((promise.fingerprint.clone(), *facts.counted(&promise.fingerprint)?)))
        .collect();
    let table_scans = facts.table(record).map_or(0, |table| table.activity.scans);
    Seen { at_ms: facts.at_ms, table_scans, counted }
}

fn outcome(record: &Record, facts: &Facts, waiting: &HashSet<String>) -> Outcome {
    let state = facts.state(record);
    let mut outcome = Outcome {
        id: record.id.clone(),
        schema: record.schema.clone(),
        table: record.table.clone(),
        index: record.name.clone(),
        first_advised_ms: record.first_advised_ms,
        state,
        bytes_predicted: record.bytes,
        bytes: None,
        bytes_ratio: None,
        scans: None,
        table_scans: None,
        statements: Vec::new(),
        wrong: Vec::new(),
        unused: None,
        drop: None,
    };
    let Some((index, table)) = facts.index(record).zip(facts.table(record)) else { return outcome };
    outcome.index.clone_from(&index.name);
    if state != State::Made {
        return outcome;
    }
    let name = format!("{}.{}", record.schema, index.name);
    let elsewhere = facts.elsewhere.as_ref().and_then(|scans| scans.get(&name)).copied();
    let scans = index.scans + elsewhere.unwrap_or(0);
    let before = record.seen.as_ref().map_or(record.table_scans, |seen| seen.table_scans);
    // Fewer than before: the counters began anew.
    let table_scans = table.activity.scans.checked_sub(before).unwrap_or(table.activity.scans);
    outcome.bytes = Some(index.bytes);
    outcome.bytes_ratio = (index.bytes > 0).then(|| record.bytes as f64 / index.bytes as f64);
    outcome.scans = Some(scans);
    outcome.table_scans = Some(table_scans);
    outcome.statements =
        record.statements.iter().map(|promise| measured(promise, record, facts, waiting)).collect();
    outcome.wrong = wrong(&outcome, waiting);
    outcome.unused = unused(&outcome, scans, table_scans, facts);
    outcome.drop = outcome
        .unused
        .is_some()
        .then(|| format!("DROP INDEX CONCURRENTLY {}", qualified(&record.schema, &index.name)));
    outcome
}

fn measured(promise: &Promise, record: &Record, facts: &Facts, waiting: &HashSet<String>) -> Measured {
    let fingerprint = &promise.fingerprint;
    let cost_now = facts.costs.get(fingerprint).copied();
    let gain = cost_now.map(|now| promise.cost_before - now).filter(|&gain| gain > 0.0);
    let base = match &record.seen {
        Some(seen) => seen.counted.get(fingerprint),
        None => promise.counted.as_ref(),
    };
    Measured {
        fingerprint: fingerprint.clone(),
        statement: promise.statement.clone(),
        cost_before: promise.cost_before,
        cost_predicted: promise.cost_after,
        cost_now,
        gain_ratio: gain
            .filter(|_| !waiting.contains(fingerprint))
            .map(|gain| (promise.cost_before - promise.cost_after) / gain),
        before: promise.counted.as_ref().and_then(per_call),
        after: facts.counted(fingerprint).and_then(|now| per_call(&now.since(base))),
        is_mixed: record.seen.is_none(),
    }
}

fn per_call(counted: &Counted) -> Option<PerCall> {
    let calls = counted.calls as f64;
    (counted.calls > 0).then(|| PerCall {
        calls: counted.calls,
        mean_ms: counted.total_ms / calls,
        blocks: counted.blocks as f64 / calls,
    })
}

fn is_off(ratio: f64) -> bool {
    !(1.0 / FACTOR..=FACTOR).contains(&ratio)
}

fn wrong(outcome: &Outcome, waiting: &HashSet<String>) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(bytes) = outcome.bytes.filter(|_| outcome.bytes_ratio.is_some_and(is_off)) {
        said.push(format!("it has {bytes} bytes; {} were predicted", outcome.bytes_predicted));
    }
    for measured in &outcome.statements {
        let Measured { cost_before, cost_predicted, statement, .. } = measured;
        let has_come_true = measured.gain_ratio.is_some_and(|ratio| !is_off(ratio));
        if let Some(now) =
            measured.cost_now.filter(|_| !has_come_true && !waiting.contains(&measured.fingerprint))
        {
            said.push(format!(
                "cost {cost_before:.0}, {cost_predicted:.0} predicted, {now:.0} now: {statement}"
            ));
        }
        if let (Some(before), Some(after)) = (measured.before, measured.after) {
            let enough = before.calls.min(after.calls) >= CALLS_TO_COMPARE;
            if enough && after.mean_ms > before.mean_ms * SLOWER {
                said.push(format!(
                    "a call takes {:.2} ms, no less than the {:.2} ms before: {statement}",
                    after.mean_ms, before.mean_ms
                ));
            }
        }
    }
    said
}

/// Why an index is called unused: the table was scanned, the statements it was made for ran where that is counted, and it took part in
/// nothing.
fn unused(outcome: &Outcome, scans: u64, table_scans: u64, facts: &Facts) -> Option<String> {
    let calls: u64 =
        outcome.statements.iter().filter_map(|measured| measured.after).map(|after| after.calls).sum();
    let ran = facts.counted.is_none() || calls >= facts.calls_min;
    if scans > 0 || table_scans < facts.calls_min || !ran {
        return None;
    }
    let times = match facts.counted {
        Some(_) => format!("{calls} calls of its statements and {table_scans} scans of the table"),
        None => format!("{table_scans} scans of the table"),
    };
    let place = match facts.elsewhere {
        Some(_) => "nor on the replicas that were asked",
        None => "as far as this server knows (name the replicas, which count for themselves)",
    };
    Some(format!("never used since, in {times}, {place}: consider dropping it"))
}

#[cfg(test)]
mod tests {
    use super::super::{Ledger, State};
    use super::*;
    use crate::advise::definition::{Definition, Key};
    use crate::advise::table::Activity;

    fn counted(calls: u64, ms_each: f64, reset_us: i64) -> Counted {
        Counted { calls, total_ms: calls as f64 * ms_each, blocks: calls * 10, reset_us }
    }

    fn definition(column: &str) -> Definition {
        Definition::btree(vec![Key::column(column)])
    }

    fn record(column: &str) -> Record {
        Record {
            version: Record::VERSION,
            id: column.to_owned(),
            database: "shop".to_owned(),
            schema: "public".to_owned(),
            table: "orders".to_owned(),
            name: format!("orders_{column}_idx"),
            definition: definition(column),
            ddl: Vec::new(),
            bytes: 1000,
            first_advised_ms: 1,
            advised_ms: 1,
            table_scans: 50,
            statements: vec![Promise {
                fingerprint: "f".to_owned(),
                statement: "select $?".to_owned(),
                weight: 1.0,
                cost_before: 1000.0,
                cost_after: 100.0,
                counted: Some(counted(100, 8.0, 7)),
            }],
            seen: None,
        }
    }

    fn facts(column: &str, cost: f64, calls: u64, ms_each: f64) -> Facts {
        let index = ExistingIndex {
            name: "another name".to_owned(),
            oid: 1,
            definition: definition(column),
            is_valid: true,
            is_constraint: false,
            bytes: 800,
            scans: 30,
        };
        let table = Table {
            schema: "public".to_owned(),
            name: "orders".to_owned(),
            activity: Activity { scans: 5050, ..Activity::default() },
            indexes: vec![index],
            ..Table::default()
        };
        Facts {
            database: "shop".to_owned(),
            at_ms: 2,
            tables: vec![table],
            counted: Some(HashMap::from([("f".to_owned(), counted(calls, ms_each, 7))])),
            costs: HashMap::from([("f".to_owned(), cost)]),
            elsewhere: None,
            calls_min: 1000,
        }
    }

    #[test]
    fn what_came_true_is_measured_and_nothing_is_wrong() {
        let mut ledger = Ledger { records: vec![record("customer")] };
        // 100 calls before, 100 since.
        let found = ledger.measure(&facts("customer", 100.0, 200, 4.5)).remove(0);
        assert_eq!(
            (found.state, found.index.as_str(), found.bytes_ratio),
            (State::Made, "another name", Some(1.25))
        );
        assert_eq!((found.scans, found.table_scans), (Some(30), Some(5000)));
        let statement = &found.statements[0];
        assert_eq!((statement.gain_ratio, statement.is_mixed), (Some(1.0), true));
        assert_eq!(statement.before.map(|before| before.mean_ms), Some(8.0));
        assert_eq!(statement.after.map(|after| (after.calls, after.mean_ms)), Some((100, 1.0)));
        assert!(found.wrong.is_empty() && found.unused.is_none(), "{found:?}");
        // From here on only what comes while it is there counts.
        let next = ledger.measure(&facts("customer", 100.0, 210, 4.5)).remove(0);
        assert_eq!(next.statements[0].after.map(|after| after.calls), Some(10));
        assert!(!next.statements[0].is_mixed);
    }

    #[test]
    fn counters_that_began_anew_count_from_there() {
        let mut ledger = Ledger { records: vec![record("customer")] };
        let mut now = facts("customer", 100.0, 0, 0.0);
        now.counted = Some(HashMap::from([("f".to_owned(), counted(150, 2.0, 8))]));
        let found = ledger.measure(&now).remove(0);
        assert_eq!(found.statements[0].after.map(|after| (after.calls, after.mean_ms)), Some((150, 2.0)));
    }

    #[test]
    fn what_did_not_come_true_is_said() {
        let mut now = facts("customer", 990.0, 300, 12.0);
        now.tables[0].indexes[0].bytes = 9000;
        let found = Ledger { records: vec![record("customer")] }.measure(&now).remove(0);
        assert_eq!(found.wrong.len(), 3, "{:?}", found.wrong);
        assert!(found.wrong[0].contains("9000 bytes"), "{:?}", found.wrong);
        assert!(found.wrong[1].contains("990 now"), "{:?}", found.wrong);
        assert!(found.wrong[2].contains("no less than the 8.00 ms"), "{:?}", found.wrong);
    }

    #[test]
    fn a_statement_is_judged_when_all_that_was_advised_for_it_is_there() {
        let mut ledger = Ledger { records: vec![record("customer"), record("placed")] };
        let found = ledger.measure(&facts("customer", 990.0, 100, 8.0));
        assert_eq!((found[0].state, found[1].state), (State::Made, State::NotMade));
        assert_eq!(found[0].statements[0].gain_ratio, None);
        assert!(found[0].wrong.is_empty(), "{:?}", found[0].wrong);
    }

    #[test]
    fn what_is_never_used_is_named_after_enough_calls_only() {
        let ask = |calls: u64, elsewhere: Option<u64>| {
            let mut now = facts("customer", 100.0, calls, 1.0);
            now.tables[0].indexes[0].scans = 0;
            now.elsewhere = elsewhere.map(|scans| HashMap::from([("public.another name".to_owned(), scans)]));
            Ledger { records: vec![record("customer")] }.measure(&now).remove(0).unused
        };
        assert!(
            ask(1100, None)
                .is_some_and(|why| why.contains("1000 calls") && why.contains("consider dropping"))
        );
        assert_eq!(ask(1099, None), None);
        assert!(ask(1100, Some(0)).is_some_and(|why| why.contains("replicas that were asked")));
        assert_eq!(ask(1100, Some(3)), None);
    }

    #[test]
    fn an_index_is_known_by_what_it_indexes() {
        let mut ledger = Ledger { records: vec![record("customer")] };
        assert_eq!(ledger.measure(&facts("placed", 1.0, 0, 0.0))[0].state, State::NotMade);
        let partial = |mut now: Facts| {
            now.tables[0].indexes[0].definition.predicate = Some("gone IS NULL".to_owned());
            now
        };
        assert_eq!(ledger.measure(&partial(facts("customer", 1.0, 0, 0.0)))[0].state, State::NotMade);
        let mut carrying = facts("customer", 1.0, 0, 0.0);
        carrying.tables[0].indexes[0].definition.include = vec!["note".to_owned()];
        assert_eq!(ledger.measure(&carrying)[0].state, State::NotMade);
        let mut invalid = facts("customer", 1.0, 0, 0.0);
        invalid.tables[0].indexes[0].is_valid = false;
        assert_eq!(ledger.measure(&invalid)[0].state, State::Invalid);
        assert_eq!(ledger.measure(&facts("customer", 1.0, 0, 0.0))[0].state, State::Made);
        assert_eq!(ledger.measure(&facts("placed", 1.0, 0, 0.0))[0].state, State::Gone);
        // Of another database.
        let mut other = facts("customer", 1.0, 0, 0.0);
        other.database = "else".to_owned();
        assert!(ledger.measure(&other).is_empty());
    }
}
