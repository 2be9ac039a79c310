//! Asking the planner about indexes that are not there, with the extension HypoPG.

use std::collections::{HashMap, HashSet};

use super::probes::Call;
use super::session::{Session, is_lost};
use crate::advise::candidate::Candidate;
use crate::advise::error::AdviseError;
use crate::advise::expression::quoted;
use crate::advise::options::Options;
use crate::advise::table::qualified;
use crate::advise::tables::Tables;
use crate::advise::what_if::{Priced, Use, WhatIf};
use crate::node::Node;
use crate::plan::Plan;

/// What there is of HypoPG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Installed, in this schema.
    Schema(String),
    /// Could be created.
    Available,
    /// Not on the server.
    Missing,
}

/// Looks for it, and creates it where it may.
pub(super) async fn find(session: &Session<'_>, options: &Options) -> Result<Found, AdviseError> {
    let sql = "SELECT (SELECT n.nspname::text FROM pg_catalog.pg_extension e \
               JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg'), \
               EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'hypopg')";
    let look = async || -> Result<Found, AdviseError> {
        let row = session.ask(session.client.query_one(sql, &[])).await;
        let row = row.map_err(AdviseError::server("looking for HypoPG"))?;
        Ok(match (row.get::<_, Option<String>>(0), row.get(1)) {
            (Some(schema), _) => Found::Schema(schema),
            (None, true) => Found::Available,
            (None, false) => Found::Missing,
        })
    };
    let found = look().await?;
    if found != Found::Available || !options.create_extension {
        return Ok(found);
    }
    let created = session.client.batch_execute("CREATE EXTENSION IF NOT EXISTS hypopg").await;
    created.map_err(|source| AdviseError::CreateExtension { source })?;
    look().await
}

/// The planner of a server, with HypoPG.
#[derive(Debug)]
pub(super) struct HypoPg<'a> {
    session: &'a Session<'a>,
    calls: &'a [&'a Call],
    tables: &'a Tables,
    /// What every call costs without, for statements that can no longer be planned.
    costs: Vec<f64>,
    schema: String,
    /// The hypothetical indexes there are: several for a table in partitions.
    present: HashMap<usize, Vec<(u32, String)>>,
    /// Candidates the server refuses.
    refused: HashSet<usize>,
}

/// Partitions of a table for which an index is tried.
const PARTITIONS_MAX: usize = 64;

impl<'a> HypoPg<'a> {
    pub(super) async fn new(
        session: &'a Session<'a>,
        calls: &'a [&'a Call],
        tables: &'a Tables,
        costs: Vec<f64>,
        schema: String,
    ) -> Result<Self, AdviseError> {
        let new =
            Self { session, calls, tables, costs, schema, present: HashMap::new(), refused: HashSet::new() };
        new.reset().await?;
        Ok(new)
    }

    /// Forgets every hypothetical index of the session.
    pub(super) async fn reset(&self) -> Result<(), AdviseError> {
        let sql = format!("SELECT {}.hypopg_reset()", quoted(&self.schema));
        let asked = self.session.ask(self.session.client.query(&sql, &[])).await;
        asked.map(drop).map_err(AdviseError::server("taking hypothetical indexes away"))
    }

    /// Makes the hypothetical indexes those that are wanted.
    async fn become_those(&mut self, with: &[usize], candidates: &[Candidate]) -> Result<(), AdviseError> {
        let gone: Vec<usize> = self.present.keys().copied().filter(|at| !with.contains(at)).collect();
        let oids: Vec<u32> =
            gone.iter().filter_map(|at| self.present.remove(at)).flatten().map(|(oid, _)| oid).collect();
        let new: Vec<usize> = with
            .iter()
            .copied()
            .filter(|at| !self.present.contains_key(at) && !self.refused.contains(at))
            .collect();
        if !oids.is_empty() {
            let sql = format!(
                "SELECT {}.hypopg_drop_index(o) FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS o",
                quoted(&self.schema)
            );
            let dropped = self.session.ask(self.session.client.query_typed(&sql, &[(&oids, OIDS)])).await;
            dropped.map_err(AdviseError::server("taking hypothetical indexes away"))?;
        }
        if new.is_empty() {
            return Ok(());
        }
        match self.create(&new, candidates).await {
            Ok(()) => Ok(()),
            Err(source) if is_lost(&source) => {
                Err(AdviseError::Server { step: "making hypothetical indexes", source })
            }
            // One of them is refused, and those before it are there all the same: begin anew, each by itself.
            Err(_) => {
                self.reset().await?;
                self.present.clear();
                for &at in with.iter().filter(|at| !self.refused.contains(at)).collect::<Vec<_>>() {
                    if let Err(source) = self.create(&[at], candidates).await {
                        if is_lost(&source) {
                            return Err(AdviseError::Server { step: "making a hypothetical index", source });
                        }
                        self.refused.insert(at);
                    }
                }
                Ok(())
            }
        }
    }

    async fn create(&mut self, new: &[usize], candidates: &[Candidate]) -> Result<(), tokio_postgres::Error> {
        let mut owners = Vec::new();
        let mut texts = Vec::new();
        for &at in new {
            let table = &self.tables.list[candidates[at].table];
            let what = candidates[at].definition.sql();
            let parts =
                table.partitions.iter().take(PARTITIONS_MAX).map(|part| qualified(&part.schema, &part.name));
            let places: Vec<String> =
                if table.partitions.is_empty() { vec![table.sql()] } else { parts.collect() };
            owners.extend(places.iter().map(|_| at));
            texts.extend(places.iter().map(|place| format!("CREATE INDEX ON {place} {what}")));
        }
        let sql = format!(
            "SELECT t.n, h.indexrelid, h.indexname::text FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS t (sql, n), \
             LATERAL {}.hypopg_create_index(t.sql) AS h",
            quoted(&self.schema)
        );
        let rows = self.session.ask(self.session.client.query_typed(&sql, &[(&texts, TEXTS)])).await?;
        for row in rows {
            let number: i64 = row.try_get(0)?;
            let owner = usize::try_from(number - 1).ok().and_then(|at| owners.get(at)).copied();
            if let Some(owner) = owner {
                self.present.entry(owner).or_default().push((row.try_get(1)?, row.try_get(2)?));
            }
        }
        Ok(())
    }

    fn uses(&self, plan: &Plan, candidates: &[Candidate]) -> Vec<Use> {
        let owner = |name: &str| {
            let mut present = self.present.iter();
            present
                .find(|(_, made)| made.iter().any(|(_, made)| made == name))
                .map(|(&candidate, _)| candidate)
        };
        let mut uses: Vec<Use> = Vec::new();
        for node in plan.nodes() {
            if let Some(candidate) = node.index().and_then(owner) {
                let rows = self.tables.list[candidates[candidate].table].rows.max(1.0);
                uses.push(Use { candidate, share: share_read(plan, node, rows) });
            }
        }
        uses
    }
}

const OIDS: tokio_postgres::types::Type = tokio_postgres::types::Type::OID_ARRAY;
const TEXTS: tokio_postgres::types::Type = tokio_postgres::types::Type::TEXT_ARRAY;

/// The part of a table's rows that a scan reads at a time; 0 when it ends after the first.
fn share_read(plan: &Plan, node: &Node, rows: f64) -> f64 {
    let passes = |above: &&Node| {
        !matches!(above.node_type(), "Sort" | "Hash" | "Aggregate" | "Materialize" | "WindowAgg" | "SetOp")
    };
    if plan.ancestors(node).take_while(passes).any(|above| above.node_type() == "Limit") {
        return 0.0;
    }
    // An index scan without a condition goes from end to end.
    match node.index_cond() {
        Some(_) => node.plan_rows().unwrap_or(0.0) / rows,
        None => 1.0,
    }
}

impl WhatIf for HypoPg<'_> {
    async fn price(
        &mut self,
        probe: usize,
        with: &[usize],
        candidates: &[Candidate],
    ) -> Result<Priced, AdviseError> {
        self.become_those(with, candidates).await?;
        match self.calls[probe].plan(self.session).await {
            Ok(plan) => {
                let cost = plan.root().total_cost().unwrap_or(self.costs[probe]);
                Ok(Priced { cost, used: self.uses(&plan, candidates) })
            }
            Err(refusal) => {
                refusal.words()?;
                Ok(Priced { cost: self.costs[probe], used: Vec::new() })
            }
        }
    }
}
