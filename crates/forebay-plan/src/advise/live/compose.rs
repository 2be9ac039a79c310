//! What was chosen, told with its reasons.

use std::collections::{BTreeMap, HashSet};

use forebay_sql::{fingerprint, normalize};

use super::catalogue::taken;
use super::probes::Call;
use super::session::Session;
use crate::advise::advice::{Advice, Confidence, Gain, IndexAdvice};
use crate::advise::candidate::{Asked, Candidate, unverifiable};
use crate::advise::ddl;
use crate::advise::definition::Definition;
use crate::advise::error::AdviseError;
use crate::advise::health::troubles;
use crate::advise::options::Options;
use crate::advise::selection::Prices;
use crate::advise::table::Table;
use crate::advise::tables::Tables;
use crate::advise::what_if::WhatIf;
use crate::advise::workload::Workload;
use crate::plan::Plan;

/// What advice stands on.
pub(super) struct Ground<'a> {
    pub(super) workload: &'a Workload,
    pub(super) planned: &'a [(Call, Plan)],
    pub(super) asked: &'a [Asked],
    pub(super) tables: &'a Tables,
    pub(super) options: &'a Options,
    pub(super) is_verified: bool,
}

/// Writes the advice for the chosen candidates.
pub(super) async fn compose<W: WhatIf>(
    session: &Session<'_>,
    prices: &mut Prices<'_, W>,
    chosen: &[usize],
    ground: &Ground<'_>,
    advice: &mut Advice,
) -> Result<(), AdviseError> {
    advice.cost_before = prices.total(&[]).await?;
    advice.cost_after = prices.total(chosen).await?;
    for &at in chosen {
        let rest: Vec<usize> = chosen.iter().copied().filter(|&other| other != at).collect();
        let benefit = prices.benefit(&rest, chosen, at).await?;
        let gains = gains(prices, &rest, chosen, ground).await?;
        let candidate = &prices.candidates[at];
        let mut index = plain(candidate, ground.tables);
        index.benefit = benefit;
        index.write_cost = prices.write_cost(&[at]);
        let table = &ground.tables.list[candidate.table];
        index.hot_updates_lost = prices.writes[candidate.table].hot_lost(&candidate.definition, table);
        index.confidence = confidence(&gains, ground);
        index.gains = gains;
        index.evidence = evidence(&index, table, advice.cost_before);
        advice.indexes.push(index);
    }
    advice.indexes.sort_by(|one, other| other.benefit.total_cmp(&one.benefit));
    for candidate in unverifiable(ground.asked, ground.tables) {
        advice.unverified.push(unverified(&candidate, ground));
    }
    name_all(session, ground, &mut advice.indexes, &mut advice.unverified).await?;
    let elsewhere = |schema: &str, name: &str| {
        let scans = ground.options.scans_elsewhere.as_ref()?;
        Some(scans.get(&format!("{schema}.{name}")).copied().unwrap_or(0))
    };
    for table in &ground.tables.list {
        let found = troubles(table, &|name| elsewhere(&table.schema, name));
        // What a proposed index mends anyway is not said twice.
        let mended =
            |name: &str| advice.indexes.iter().any(|index| index.replaces.iter().any(|old| old == name));
        advice.troubles.extend(found.into_iter().filter(|trouble| !mended(&trouble.name)));
    }
    advice.probes = ground.planned.len();
    advice.candidates = prices.candidates.len();
    advice.questions = prices.asked;
    Ok(())
}

fn plain(candidate: &Candidate, tables: &Tables) -> IndexAdvice {
    let table = &tables.list[candidate.table];
    let definition = candidate.definition.clone();
    let text = format!("{} {}", table.sql(), definition.sql());
    let serves = |old: &&crate::advise::table::ExistingIndex| {
        !old.is_constraint && old.is_valid && definition.serves_for(&old.definition)
    };
    IndexAdvice {
        id: fingerprint_of(&text),
        schema: table.schema.clone(),
        table: table.name.clone(),
        name: String::new(),
        ddl: Vec::new(),
        clean_up: String::new(),
        bytes: candidate.bytes,
        benefit: 0.0,
        write_cost: 0.0,
        hot_updates_lost: 0.0,
        gains: Vec::new(),
        replaces: table.indexes.iter().filter(serves).map(|old| old.name.clone()).collect(),
        confidence: Confidence::Unverified,
        evidence: Vec::new(),
        definition,
    }
}

/// Sixteen digits that are the same for the same text.
fn fingerprint_of(text: &str) -> String {
    // As a quoted name no part of it is taken for a value.
    fingerprint(&format!("\"{}\"", text.replace('"', "\"\""))).to_string()
}

/// What each statement gains by the last of the chosen, all of its calls together.
async fn gains<W: WhatIf>(
    prices: &mut Prices<'_, W>,
    before: &[usize],
    after: &[usize],
    ground: &Ground<'_>,
) -> Result<Vec<Gain>, AdviseError> {
    let mut groups: BTreeMap<usize, Gain> = BTreeMap::new();
    for (probe, (call, _)) in ground.planned.iter().enumerate() {
        let (old, new) = (prices.price(probe, before).await?.cost, prices.price(probe, after).await?.cost);
        if old - new <= old * 0.001 {
            continue;
        }
        let statement = &ground.workload.statements[call.statement];
        let gain = groups.entry(call.group).or_insert_with(|| Gain {
            line: statement.line,
            statement: normalize(&statement.sql),
            fingerprint: fingerprint(&statement.sql).to_string(),
            weight: 0.0,
            cost_before: 0.0,
            cost_after: 0.0,
            mean_ms: statement.mean_ms,
        });
        gain.weight += call.weight;
        gain.cost_before += old * call.weight;
        gain.cost_after += new * call.weight;
    }
    let mut gains: Vec<Gain> = groups.into_values().collect();
    gains.sort_by(|one, other| {
        (other.cost_before - other.cost_after).total_cmp(&(one.cost_before - one.cost_after))
    });
    for gain in &mut gains {
        gain.cost_before /= gain.weight;
        gain.cost_after /= gain.weight;
    }
    Ok(gains)
}

fn confidence(gains: &[Gain], ground: &Ground<'_>) -> Confidence {
    if !ground.is_verified {
        return Confidence::Estimated;
    }
    let gaining = |call: &Call| {
        let sql = &ground.workload.statements[call.statement].sql;
        gains.iter().any(|gain| gain.fingerprint == fingerprint(sql).to_string())
    };
    let without_values = ground.planned.iter().any(|(call, _)| !call.has_values && gaining(call));
    if without_values { Confidence::VerifiedForAnyValue } else { Confidence::Verified }
}

fn evidence(index: &IndexAdvice, table: &Table, workload: f64) -> Vec<String> {
    let mut said = vec![format!(
        "{} has {:.0} rows in {:.0} blocks; the workload's cost falls by {:.1} %",
        table.sql(),
        table.rows,
        table.pages,
        100.0 * index.benefit / workload.max(1.0)
    )];
    if index.write_cost > 0.0 {
        said.push(format!("keeping it up to date costs {:.0} of what it saves", index.write_cost));
    }
    if index.hot_updates_lost >= 1.0 {
        said.push(format!(
            "{:.0} updates of the workload's would no longer stay within their block (HOT)",
            index.hot_updates_lost
        ));
    }
    if let Some(predicate) = &index.definition.predicate {
        said.push(format!(
            "it holds only the rows where {predicate}: a statement without that condition cannot use it"
        ));
    }
    if !index.definition.include.is_empty() {
        said.push(format!(
            "it spares the look into the table, {:.0} % of whose blocks are all-visible; that holds while VACUUM keeps up",
            100.0 * table.all_visible
        ));
    }
    if index.definition.keys.iter().any(|key| key.column.is_none()) {
        said.push(
            "ANALYZE the table after it was made: only then are there statistics of the expression"
                .to_owned(),
        );
    }
    said
}

fn unverified(candidate: &Candidate, ground: &Ground<'_>) -> IndexAdvice {
    let mut index = plain(candidate, ground.tables);
    let table = &ground.tables.list[candidate.table];
    for &probe in &candidate.made_for {
        let (call, plan) = &ground.planned[probe];
        let statement = &ground.workload.statements[call.statement];
        let cost = plan.root().total_cost().unwrap_or(0.0);
        index.gains.push(Gain {
            line: statement.line,
            statement: normalize(&statement.sql),
            fingerprint: fingerprint(&statement.sql).to_string(),
            weight: call.weight,
            cost_before: cost,
            cost_after: cost,
            mean_ms: statement.mean_ms,
        });
    }
    index.gains.sort_by(|one, other| one.fingerprint.cmp(&other.fingerprint));
    index.gains.dedup_by(|one, other| one.fingerprint == other.fingerprint);
    index.evidence.push(format!(
        "{} ({:.0} blocks) is read from end to end for what no b-tree finds; build it on a copy and compare, its upkeep is dear",
        table.sql(),
        table.pages
    ));
    let needs_trigrams =
        index.definition.keys.iter().any(|key| key.operator_class.as_deref() == Some("gin_trgm_ops"));
    if needs_trigrams {
        index
            .evidence
            .push("its operator class is of the extension pg_trgm (CREATE EXTENSION pg_trgm)".to_owned());
    }
    index
}

/// Names that nothing has yet, and the statements with them.
async fn name_all(
    session: &Session<'_>,
    ground: &Ground<'_>,
    indexes: &mut [IndexAdvice],
    unverified: &mut [IndexAdvice],
) -> Result<(), AdviseError> {
    let table_of = |index: &IndexAdvice| ground.tables.find(Some(&index.schema), &index.table);
    let mut used: HashSet<String> = HashSet::new();
    let wanted: Vec<String> =
        indexes.iter().flat_map(|index| several_names(&index.table, &index.definition)).collect();
    used.extend(taken(session, &wanted).await?);
    for index in indexes.iter_mut().chain(unverified) {
        let Some(table) = table_of(index).map(|at| &ground.tables.list[at]) else { continue };
        index.name = ddl::name(&index.table, &index.definition, &used);
        used.insert(index.name.clone());
        let timeout = format!("{}ms", ground.options.lock_timeout.as_millis().max(1));
        index.ddl = ddl::statements(table, &index.definition, &index.name, &timeout);
        index.clean_up = ddl::clean_up(table, &index.name);
    }
    Ok(())
}

/// The names that would be given one after the other, were each taken.
fn several_names(table: &str, definition: &Definition) -> Vec<String> {
    let mut names: HashSet<String> = HashSet::new();
    for _ in 0..8 {
        let next = ddl::name(table, definition, &names);
        names.insert(next);
    }
    names.into_iter().collect()
}
