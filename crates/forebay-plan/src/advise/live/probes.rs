//! The workload's statements, planned.

use std::collections::HashMap;

use forebay_sql::fingerprint;
use tokio_postgres::types::ToSql;

use super::session::{JsonText, Session, TextValue, is_lost, words};
use crate::advise::error::AdviseError;
use crate::advise::options::Options;
use crate::advise::workload::{Problem, Statement, Workload};
use crate::plan::Plan;

/// A statement with one list of values, and how to ask for its plan.
pub(super) struct Call {
    /// The statement's place in the workload.
    pub(super) statement: usize,
    /// The same for all calls of a statement with other values.
    pub(super) group: usize,
    pub(super) weight: f64,
    /// Whether it was planned for its own values.
    pub(super) has_values: bool,
    pub(super) has_parameters: bool,
    question: tokio_postgres::Statement,
    values: Vec<Option<String>>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("statement", &self.statement).field("weight", &self.weight).finish()
    }
}

impl Call {
    /// Its plan, with the hypothetical indexes there are.
    pub(super) async fn plan(&self, session: &Session<'_>) -> Result<Plan, Refusal> {
        let values: Vec<TextValue<'_>> =
            self.values.iter().map(|value| TextValue(value.as_deref())).collect();
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        if !self.has_values && self.has_parameters {
            // A generic plan is kept, and hypothetical indexes do not make it stale.
            session.client.batch_execute("DISCARD PLANS").await?;
        }
        let rows = session.ask(session.client.query(&self.question, &values)).await?;
        let JsonText(text) = rows.first().ok_or(Refusal::Unread)?.try_get(0)?;
        crate::read::read(&text).map_err(|_| Refusal::Unread)?.into_iter().next().ok_or(Refusal::Unread)
    }
}

/// Why there is no plan.
#[derive(Debug)]
pub(super) enum Refusal {
    Server(tokio_postgres::Error),
    Unread,
}

impl From<tokio_postgres::Error> for Refusal {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl Refusal {
    /// What is wrong with the statement; none of its business is a connection that is lost.
    pub(super) fn words(self) -> Result<String, AdviseError> {
        match self {
            Self::Server(source) if is_lost(&source) => {
                Err(AdviseError::Server { step: "planning a statement", source })
            }
            Self::Server(source) => Ok(format!("it cannot be planned: {}", words(&source))),
            Self::Unread => Ok("its plan is none that can be read".to_owned()),
        }
    }
}

/// One sample of one statement, before it was prepared.
struct Sample<'a> {
    statement: usize,
    group: usize,
    weight: f64,
    values: Option<&'a [Option<String>]>,
}

/// Prepares the calls to plan: of each statement as many as are wanted, with the weight of all of them.
pub(super) async fn calls(
    session: &Session<'_>,
    workload: &Workload,
    options: &Options,
    problems: &mut Vec<Problem>,
) -> Result<Vec<(Call, Plan)>, AdviseError> {
    let mut calls = Vec::new();
    for sample in samples(workload, options) {
        let statement = &workload.statements[sample.statement];
        match prepare(session, statement, &sample, calls.len()).await {
            Ok(call) => match call.plan(session).await {
                Ok(plan) => calls.push((call, plan)),
                Err(refusal) => problems.push(statement.problem(refusal.words()?)),
            },
            Err(refusal) => problems.push(statement.problem(refusal.words()?)),
        }
    }
    Ok(calls)
}

fn samples<'a>(workload: &'a Workload, options: &Options) -> Vec<Sample<'a>> {
    let mut by_weight: Vec<usize> = (0..workload.statements.len()).collect();
    by_weight.sort_by(|&one, &other| {
        workload.statements[other].weight.total_cmp(&workload.statements[one].weight)
    });
    by_weight.truncate(options.statements_max);
    by_weight.sort_unstable();
    let mut groups: HashMap<_, usize> = HashMap::new();
    let mut samples: Vec<Vec<Sample<'a>>> = Vec::new();
    for at in by_weight {
        let statement = &workload.statements[at];
        let next = groups.len();
        let group = *groups.entry(fingerprint(&statement.sql)).or_insert(next);
        if group == samples.len() {
            samples.push(Vec::new());
        }
        let lists: Vec<Option<&[Option<String>]>> = match statement.parameters.as_slice() {
            [] => vec![None],
            lists => lists.iter().map(|list| Some(list.as_slice())).collect(),
        };
        let weight = statement.weight / lists.len() as f64;
        samples[group].extend(lists.into_iter().map(|values| Sample {
            statement: at,
            group,
            weight,
            values,
        }));
    }
    samples.into_iter().flat_map(|group| spread(group, options.samples_max.max(1))).collect()
}

/// As many of them as are wanted, evenly picked, with the weight of all.
fn spread(group: Vec<Sample<'_>>, max: usize) -> Vec<Sample<'_>> {
    let (count, total) = (group.len(), group.iter().map(|sample| sample.weight).sum::<f64>());
    if count <= max {
        return group;
    }
    let wanted: Vec<usize> = (0..max).map(|at| at * count / max).collect();
    let mut picked: Vec<Sample<'_>> = group
        .into_iter()
        .enumerate()
        .filter(|(at, _)| wanted.contains(at))
        .map(|(_, sample)| sample)
        .collect();
    let kept: f64 = picked.iter().map(|sample| sample.weight).sum();
    for sample in &mut picked {
        sample.weight *= total / kept;
    }
    picked
}

async fn prepare(
    session: &Session<'_>,
    statement: &Statement,
    sample: &Sample<'_>,
    number: usize,
) -> Result<Call, Refusal> {
    let count = statement.parameter_count();
    let has_values = sample.values.is_some_and(|values| values.len() >= count);
    let call = |question, values| Call {
        statement: sample.statement,
        group: sample.group,
        weight: sample.weight,
        has_values: has_values || count == 0,
        has_parameters: count > 0,
        question,
        values,
    };
    if has_values || count == 0 {
        let text = format!("EXPLAIN (FORMAT JSON, VERBOSE) {}", statement.sql);
        let question = session.ask(session.client.prepare(&text)).await?;
        let values = sample.values.map(<[_]>::to_vec).unwrap_or_default();
        return Ok(call(question, values.into_iter().take(count).collect()));
    }
    // Values nobody knows: the plan for any of them. Only what the server reads as one statement can be prepared.
    let name = format!("forebay_advise_{number}");
    let deallocate = format!("DEALLOCATE {name}");
    let make = session.ask(session.client.prepare(&format!("PREPARE {name} AS {}", statement.sql))).await?;
    let _was_not_there = session.client.batch_execute(&deallocate).await;
    session.ask(session.client.execute(&make, &[])).await?;
    let nulls = vec!["NULL"; count].join(", ");
    let text = format!("EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE {name}({nulls})");
    let question = session.ask(session.client.prepare(&text)).await?;
    Ok(call(question, Vec::new()))
}
