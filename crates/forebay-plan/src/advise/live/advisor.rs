//! From a workload to advice.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use forebay_sql::{fingerprint, normalize};
use tokio_postgres::Client;

use super::catalogue;
use super::compose::{Ground, compose};
use super::hypopg::{self, Found, HypoPg};
use super::probes::{self, Call};
use super::session::Session;
use crate::advise::advice::{Advice, StatementCost};
use crate::advise::candidate::{Asked, candidates};
use crate::advise::error::AdviseError;
use crate::advise::estimate::Estimate;
use crate::advise::options::Options;
use crate::advise::request::requests;
use crate::advise::selection::{Bounds, Prices, Probe, select, usable};
use crate::advise::tables::Tables;
use crate::advise::what_if::WhatIf;
use crate::advise::workload::Workload;
use crate::advise::write_cost::Writes;
use crate::advise::written::writes;
use crate::plan::Plan;

/// Looks for the indexes a workload is in want of.
///
/// Statements are planned and never run; every question is a READ ONLY transaction with a bound in time that is rolled back, so that no
/// lock is held between questions. Nothing is changed in the database, but for the extension HypoPG where
/// [`Options::create_extension`] asks for it. The session loses its hypothetical indexes, those of others included.
///
/// # Errors
/// When the connection is lost or the catalogue cannot be read. What concerns single statements is in the advice.
///
/// # Cancellation
/// Dropping the future leaves nothing behind but hypothetical indexes and statements prepared as `forebay_advise_…` of that session.
pub async fn advise(client: &Client, workload: &Workload, options: &Options) -> Result<Advice, AdviseError> {
    advise_with(client, workload, options, &mut |_| {}).await
}

/// [`advise`], with news of how far it is, a sentence at a time.
///
/// # Errors
/// As [`advise`].
pub async fn advise_with(
    client: &Client,
    workload: &Workload,
    options: &Options,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<Advice, AdviseError> {
    let session = Session::new(client, options);
    let mut advice = Advice { problems: workload.problems.clone(), ..Advice::default() };
    let found = hypopg::find(&session, options).await?;
    progress(&format!("planning {} statements", workload.statements.len()));
    let planned = probes::calls(&session, workload, options, &mut advice.problems).await?;
    let done = advise_planned(&session, workload, options, found, &planned, advice, progress).await;
    for (at, _) in planned.iter().enumerate().filter(|(_, (call, _))| call.has_parameters && !call.has_values)
    {
        // Gone with the session otherwise.
        let _left = client.batch_execute(&format!("DEALLOCATE forebay_advise_{at}")).await;
    }
    done
}

async fn advise_planned(
    session: &Session<'_>,
    workload: &Workload,
    options: &Options,
    found: Found,
    planned: &[(Call, Plan)],
    mut advice: Advice,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<Advice, AdviseError> {
    let plans = || planned.iter().map(|(_, plan)| plan);
    let tables = catalogue::read(session, plans(), &mut advice.unseen).await?;
    let asked: Vec<Asked> = planned
        .iter()
        .map(|(call, plan)| Asked {
            group: call.group,
            has_parameters: call.has_parameters,
            requests: requests(plan, &tables),
        })
        .collect();
    advice.statements = costs_now(workload, planned);
    let candidates = candidates(&asked, &tables, options.candidates_max);
    let probes: Vec<Probe> =
        planned.iter().zip(&asked).map(|((call, plan), asked)| probe(call, plan, asked)).collect();
    let writes = all_writes(workload, planned, &asked, &tables);
    progress(&format!("{} tables, {} indexes to think about", tables.list.len(), candidates.len()));
    let ground = Ground { workload, planned, asked: &asked, tables: &tables, options, is_verified: true };
    let costs = probes.iter().map(|probe| probe.cost).collect();
    let until = Instant::now() + options.time_max;
    match found {
        Found::Schema(schema) => {
            let calls: Vec<&Call> = planned.iter().map(|(call, _)| call).collect();
            let what_if = HypoPg::new(session, &calls, &tables, costs, schema).await?;
            let mut prices = Prices::new(what_if, &candidates, &probes, &tables, &writes, until);
            chosen(session, &mut prices, &ground, &mut advice, progress).await?;
            prices.what_if.reset().await?;
        }
        Found::Available | Found::Missing => {
            advice.unseen.push(without(&found));
            let ground = Ground { is_verified: false, ..ground };
            let what_if = Estimate::new(&asked, &tables, costs);
            let mut prices = Prices::new(what_if, &candidates, &probes, &tables, &writes, until);
            chosen(session, &mut prices, &ground, &mut advice, progress).await?;
        }
    }
    Ok(advice)
}

fn without(found: &Found) -> String {
    let how = match found {
        Found::Available => "it is available: allow it to be created (CREATE EXTENSION hypopg)",
        _ => "install it on the server (on Debian postgresql-15-hypopg, for PostgreSQL 15)",
    };
    format!(
        "HypoPG is not in this database, so the planner could not be asked: gains are estimates, and only of the plainest cases; {how}"
    )
}

async fn chosen<W: WhatIf>(
    session: &Session<'_>,
    prices: &mut Prices<'_, W>,
    ground: &Ground<'_>,
    advice: &mut Advice,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<(), AdviseError> {
    let pool = usable(prices).await?;
    progress(&format!("{} indexes are of use; choosing", pool.len()));
    let bounds = Bounds { bytes_max: ground.options.bytes_max, indexes_max: ground.options.indexes_max };
    let chosen = select(prices, &pool, &bounds).await?;
    if prices.is_late() {
        advice.unseen.push("the time for comparing indexes ran out: a better set may exist".to_owned());
    }
    compose(session, prices, &chosen.candidates, ground, advice).await
}

fn probe(call: &Call, plan: &Plan, asked: &Asked) -> Probe {
    let tables: HashSet<usize> = asked.requests.iter().map(|request| request.table).collect();
    Probe {
        weight: call.weight,
        cost: plan.root().total_cost().unwrap_or(0.0),
        tables: tables.into_iter().collect(),
    }
}

/// What each statement costs now, all of its calls together.
fn costs_now(workload: &Workload, planned: &[(Call, Plan)]) -> Vec<StatementCost> {
    let mut groups: BTreeMap<usize, StatementCost> = BTreeMap::new();
    for (call, plan) in planned {
        let sql = &workload.statements[call.statement].sql;
        let known = groups.entry(call.group).or_insert_with(|| StatementCost {
            fingerprint: fingerprint(sql).to_string(),
            statement: normalize(sql),
            weight: 0.0,
            cost: 0.0,
        });
        let weight = known.weight + call.weight;
        known.cost += (plan.root().total_cost().unwrap_or(0.0) - known.cost) * call.weight / weight;
        known.weight = weight;
    }
    groups.into_values().collect()
}

/// What the workload writes to each table, for each time it runs.
fn all_writes(
    workload: &Workload,
    planned: &[(Call, Plan)],
    asked: &[Asked],
    tables: &Tables,
) -> Vec<Writes> {
    let mut all = vec![Writes::default(); tables.list.len()];
    for ((call, plan), asked) in planned.iter().zip(asked) {
        for request in &asked.requests {
            all[request.table].scans += call.weight * request.runs.max(1.0);
        }
        writes(plan, &workload.statements[call.statement].sql, call.weight, tables, &mut all);
    }
    all.into_iter().zip(&tables.list).map(|(writes, table)| writes.or_counted(table)).collect()
}
